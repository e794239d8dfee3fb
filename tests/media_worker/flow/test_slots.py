"""What callers say when they are asked for a value. The clock stands at Saturday, 21 November 2026, ten in the morning."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from media_worker.contract.flow import Slot, SlotType
from media_worker.flow import slots

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def value(kind: SlotType, text: str, *, asked: bool = True, choices: tuple[str, ...] = ()) -> object:
    return slots.parse(Slot(name="it", type=kind, ask="?", choices=choices), text, NOW, asked=asked)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("today", "2026-11-21"),
        ("tomorrow please", "2026-11-22"),
        ("the day after tomorrow", "2026-11-23"),
        ("next Thursday", "2026-11-26"),
        ("on thursday", "2026-11-26"),
        ("next Thursday at half past three", "2026-11-26"),
        ("could we do monday", "2026-11-23"),
        ("saturday", "2026-11-28"),
        ("wednesday next week", "2026-11-25"),
        ("next week on tuesday", "2026-11-24"),
        ("the twenty second of May", "2027-05-22"),
        ("May the third", "2027-05-03"),
        ("December first", "2026-12-01"),
        ("december 1st", "2026-12-01"),
        ("the 5th", "2026-12-05"),
        ("the thirtieth", "2026-11-30"),
        ("friday the fourth of december", "2026-12-04"),
        ("a week from monday", "2026-11-30"),
        ("in three days", "2026-11-24"),
        ("in a week", "2026-11-28"),
        ("two weeks from now", "2026-12-05"),
        ("no, not thursday, friday", "2026-11-27"),
        ("march third twenty twenty seven", "2027-03-03"),
        ("2026-12-24", "2026-12-24"),
        ("12/24", "2026-12-24"),
        ("february twenty ninth", "2028-02-29"),
    ],
)
def test_a_day_is_understood(said: str, day: str) -> None:
    assert value("date", said) == day


@pytest.mark.parametrize(
    "said",
    ["", "not thursday", "I don't know", "thursday or friday", "may I ask something", "the thirty first of february",
     "seven", "second one", "whenever", "march on", "99/99"],
)  # fmt: skip
def test_no_day_is_made_up(said: str) -> None:
    assert value("date", said) is None


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("at three", "15:00"),
        ("three thirty", "15:30"),
        ("half past three", "15:30"),
        ("half three", "15:30"),
        ("quarter to five", "16:45"),
        ("a quarter past nine", "09:15"),
        ("ten a m", "10:00"),
        ("2 p.m.", "14:00"),
        ("2pm", "14:00"),
        ("nine fifteen in the morning", "09:15"),
        ("seven in the evening", "19:00"),
        ("four o'clock", "16:00"),
        ("eleven", "11:00"),
        ("twelve", "12:00"),
        ("at noon", "12:00"),
        ("midnight", "00:00"),
        ("3:30 pm", "15:30"),
        ("15:45", "15:45"),
        ("ten past four", "16:10"),
        ("twenty to eight", "07:40"),
        ("three oh five", "15:05"),
        ("next thursday at half past three", "15:30"),
        ("not at three, at four", "16:00"),
        ("six in the morning", "06:00"),
    ],
)
def test_a_time_is_understood(said: str, at: str) -> None:
    assert value("time", said) == at


@pytest.mark.parametrize("said", ["", "later", "whenever you like", "thirty", "25:90", "three or four", "no"])
def test_no_time_is_made_up(said: str) -> None:
    assert value("time", said) is None


@pytest.mark.parametrize(
    "said", ["I have three children", "for two people", "in three days", "I called one time", "book an appointment"]
)
def test_a_number_in_passing_is_no_time(said: str) -> None:
    assert value("time", said, asked=False) is None


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("five five five one two three four", "5551234"),
        ("oh seven seven double three one two four five nine", "07733124" + "59"),
        ("my number is two one two, five five five, oh one nine nine", "2125550199"),
        ("triple five one two three four", "5551234"),
        ("plus four nine one seven one two three four five six seven", "+491712345" + "67"),
        ("(212) 555-0199", "2125550199"),
        ("+44 20 7946 0958", "+442079460958"),
        ("twenty two thirty three forty four", "223344"),
        ("eight hundred five five five", "800555"),
    ],
)
def test_a_phone_number_is_understood(said: str, number: str) -> None:
    assert value("phone", said) == number


@pytest.mark.parametrize("said", ["", "one two three", "call me", "at three thirty", "1234567890123456789"])
def test_no_phone_number_is_made_up(said: str) -> None:
    assert value("phone", said) is None


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("bob at example dot com", "bob@example.com"),
        ("my email is bob dot miller at example dot co dot uk", "bob.miller@example.co.uk"),
        ("it's b o b at example dot com", "bob@example.com"),
        ("Bob.Miller@Example.com please", "bob.miller@example.com"),
        ("alice underscore one two at mail dot example dot org", "alice_12@mail.example.org"),
        ("info at double u dot com", "info@uu.com"),
    ],
)
def test_an_address_is_understood(said: str, address: str) -> None:
    assert value("email", said) == address


@pytest.mark.parametrize("said", ["", "at home", "I have none", "bob at example", "dot com", "look at that"])
def test_no_address_is_made_up(said: str) -> None:
    assert value("email", said) is None


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("three", 3),
        ("for twenty two people", 22),
        ("a hundred and five", 105),
        ("two thousand five hundred", 2500),
        ("two point five", 2.5),
        ("1,250", 1250),
        ("a couple", 2),
        ("half a dozen", 6),
        ("two and a half", 2.5),
        ("just one", 1),
        ("minus four", -4),
    ],
)
def test_a_number_is_understood(said: str, number: float) -> None:
    assert value("number", said) == number


@pytest.mark.parametrize("said", ["", "many", "three or four", "oh well"])
def test_no_number_is_made_up(said: str) -> None:
    assert value("number", said) is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("bob miller", "Bob Miller"),
        ("my name is alice johnson", "Alice Johnson"),
        ("It's Charlie Brown.", "Charlie Brown"),
        ("hi, this is dana smith speaking", "Dana Smith"),
        ("yes, I'm ludwig van beethoven", "Ludwig van Beethoven"),
        ("m i l l e r", "Miller"),
        ("bob m i l l e r", "Bob Miller"),
        ("my name is o'neil and I want to book", "O'Neil"),
        ("doctor McKenzie", "McKenzie"),
        ("jean-luc", "Jean-Luc"),
    ],
)
def test_a_name_is_understood(said: str, name: str) -> None:
    assert value("name", said) == name


@pytest.mark.parametrize("said", ["", "what do you mean", "no", "123", "can you repeat that", "when are you open"])
def test_no_name_is_made_up(said: str) -> None:
    assert value("name", said) is None


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        *((yes, True) for yes in ("yes", "yeah sure", "that's right", "yes please", "correct", "of course", "okay")),
        *((yes, True) for yes in ("yes, that is correct", "sounds good", "yep", "no problem", "absolutely")),
        *((no, False) for no in ("no", "nope", "no thank you", "that's wrong", "not really", "no, that's wrong")),
        *((no, False) for no in ("that's not right", "of course not", "I don't think so", "not at all")),
        *((odd, None) for odd in ("", "maybe", "what did you say", "blue", "how much is it", "thursday")),
    ],
)
def test_a_yes_is_told_from_a_no(said: str, answer: bool | None) -> None:
    assert value("yes_no", said) is answer


def test_a_choice_is_found_by_its_words_or_its_place() -> None:
    choices = ("Cleaning", "Check-up", "Root canal treatment")
    assert value("choice", "a cleaning please", choices=choices) == "Cleaning"
    assert value("choice", "I think I need a check up", choices=choices) == "Check-up"
    assert value("choice", "the root canal", choices=choices) == "Root canal treatment"
    assert value("choice", "the second one", choices=choices) == "Check-up"
    assert value("choice", "the last one", choices=choices) == "Root canal treatment"
    assert value("choice", "cleaning or a check-up", choices=choices) is None
    assert value("choice", "not the cleaning", choices=choices) is None
    assert value("choice", "a haircut", choices=choices) is None


def test_free_text_is_kept_as_said() -> None:
    assert value("text", "  my  tooth hurts ") == "my tooth hurts"
    assert value("text", "...") is None
