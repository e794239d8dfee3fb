"""A ticket holds for one agency, one purpose, one subject, for a while."""

from __future__ import annotations

import string

import pytest

from voiceops.lib import signing
from voiceops.lib.errors import TicketRefused

pytestmark = pytest.mark.unit

NOW = 1_800_000_000.0
CALL = "6e9f5b1c-2f0c-4d3e-9a0e-1f6f2f8f9a10"


def ticket(seconds: float = 120) -> str:
    return signing.sign("alice", "media", CALL, seconds, now=NOW)


def why(token: str, schema: str = "alice", purpose: str = "media", now: float = NOW) -> str:
    with pytest.raises(TicketRefused) as refused:
        signing.read(token, schema, purpose, now=now)
    return refused.value.why


def test_a_ticket_says_what_it_was_signed_for() -> None:
    read = signing.read(ticket(), "alice", "media", now=NOW + 119)
    assert (read.schema, read.purpose, read.subject, read.expires_at) == ("alice", "media", CALL, NOW + 120)


def test_two_tickets_for_one_call_differ() -> None:
    one, other = (signing.read(ticket(), "alice", "media", now=NOW) for _ in range(2))
    assert one.nonce != other.nonce


def test_a_ticket_needs_no_quoting_in_a_path() -> None:
    assert set(ticket()) <= set(string.ascii_letters + string.digits + "-_~.")


def test_a_strangers_agency_or_purpose_refuses_it() -> None:
    assert why(ticket(), schema="charlie") == "foreign"
    assert why(ticket(), purpose="resume") == "foreign"


def test_it_expires() -> None:
    assert why(ticket(), now=NOW + 120) == "expired"


def test_every_changed_character_is_noticed() -> None:
    token = ticket()
    for at in range(len(token)):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        if changed.rstrip("=") != token:
            assert why(changed) in {"forged", "malformed"}


@pytest.mark.parametrize(
    "token", ["", "~", "a~", "~a", "a~b", "ö~ö", "A" * 5000, "A" * 2000 + "~AAAA", "a~b~c", "a b~c"]
)
def test_nonsense_is_refused(token: str) -> None:
    assert why(token) in {"forged", "malformed"}


def test_a_ticket_survives_a_change_of_the_secret_key_while_the_old_one_is_a_fallback(settings: object) -> None:
    token = ticket()
    old = settings.SECRET_KEY  # type: ignore[attr-defined]
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [old]  # type: ignore[attr-defined]
    assert signing.read(token, "alice", "media", now=NOW).subject == CALL
    settings.SECRET_KEY_FALLBACKS = []  # type: ignore[attr-defined]
    assert why(token) == "forged"
