"""What is sealed opens only where it was sealed, with the keys we have."""

from __future__ import annotations

import base64

import pytest

from voiceops.lib.crypto import Keyring, is_stale, new_key, open_text, seal
from voiceops.lib.errors import SealError

pytestmark = pytest.mark.unit

PLACE = "alice|agents.provideraccount|api_key|1"


def ring(*keys: str) -> Keyring:
    return Keyring.parse(",".join(keys))


OLD, NEW = new_key(), new_key()


def test_the_same_text_seals_differently_and_opens_the_same() -> None:
    keys = ring(NEW)
    one, other = seal("sk-héllo", PLACE, keys), seal("sk-héllo", PLACE, keys)
    assert one != other
    assert open_text(one, PLACE, keys) == open_text(other, PLACE, keys) == "sk-héllo"


@pytest.mark.parametrize("place", ["charlie|agents.provideraccount|api_key|1", PLACE + "2", ""])
def test_a_value_carried_elsewhere_does_not_open(place: str) -> None:
    keys = ring(NEW)
    with pytest.raises(SealError):
        open_text(seal("secret", PLACE, keys), place, keys)


def test_every_changed_character_is_noticed() -> None:
    keys = ring(NEW)
    sealed = seal("secret", PLACE, keys)
    for at, letter in enumerate(sealed):
        changed = sealed[:at] + ("A" if letter != "A" else "B") + sealed[at + 1 :]
        with pytest.raises(SealError):
            open_text(changed, PLACE, keys)


def test_after_a_rotation_old_values_open_and_are_known_to_be_old() -> None:
    sealed = seal("secret", PLACE, ring(OLD))
    rotated = ring(NEW, OLD)
    assert open_text(sealed, PLACE, rotated) == "secret"
    assert is_stale(sealed, rotated)
    assert not is_stale(seal("secret", PLACE, rotated), rotated)


def test_without_its_key_a_value_stays_closed_and_the_key_is_named() -> None:
    sealed = seal("secret", PLACE, ring(OLD))
    with pytest.raises(SealError, match=OLD.partition(":")[0]):
        open_text(sealed, PLACE, ring(NEW))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "nocolon",
        "a:short",
        "a:" + base64.b64encode(b"k" * 31).decode(),
        f"{OLD},{OLD}",
        "sp ace:AAAA",
        ":AAAA",
    ],
)
def test_bad_keys_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(SealError) as refused:
        Keyring.parse(text)
    assert OLD.partition(":")[2] not in str(refused.value)


def test_keys_never_show() -> None:
    keys = ring(OLD)
    assert OLD.partition(":")[2] not in repr(keys)
    assert str(keys.key(keys.primary)) not in repr(keys)


@pytest.mark.parametrize("text", ["", "v1", "v1.k", "v2.k.AAAA", "v1.k.%%%%", "plain text", "v1..AAAA"])
def test_what_was_never_sealed_is_refused(text: str) -> None:
    with pytest.raises(SealError):
        open_text(text, PLACE, ring(NEW))
