"""Which numbers may be dialled."""

from __future__ import annotations

import pytest

from calls import numbers
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("+14155552671", "+14155552671"),
        (" +1 (415) 555-2671 ", "+14155552671"),
        ("+49 30 901820", "+4930901820"),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_a_number_is_dialled_as_e164(written: str, dialled: str) -> None:
    assert numbers.destination(written) == dialled


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "+",
        "911",
        "4155552671",
        "+1",
        "+19005551234",  # premium rate
        "+449098790123",  # premium rate
        "+881612345678",  # satellite
        "+870773111632",  # satellite
        "+979123456789",  # international premium rate
        "+99999999999999",
        "+1415555267１",
        "+14155552671;ext=5",
        "+14155552671,,900",
        "sip:evil@example.com",
        "client:bob",
        "+1415555\n2671",
        "+14155552671" * 10,
        "'; drop table calls; --",
    ],
)
def test_a_hostile_number_is_refused_in_words(hostile: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        numbers.destination(hostile)
    assert refused.value.field == "to"
    assert refused.value.sentence.endswith(".")
