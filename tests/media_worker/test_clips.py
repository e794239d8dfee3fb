"""Which words hit a recorded clip, and what becomes of the marks that a model writes."""

from __future__ import annotations

import pytest

from media_worker.contract.spec import Clip
from media_worker.pipeline.clips import Arranger, Clips
from media_worker.pipeline.sentences import ClipMark, Splitter, sentences
from media_worker.pipeline.sounds import SoundStore

pytestmark = pytest.mark.unit

WORDS = {
    "welcome": "Hello, and welcome to Bright Dental. How can I help you?",
    "hours": "We’re open from 9 to 5.",
    "thanks": "Thank you for calling!",
    "yes": "Yes.",
    "absent": "This one never came.",
}


def library(*missing: str) -> Clips:
    clips = [
        Clip(id=name, words=words, sha256=f"{index:064x}", seconds=1.0)
        for index, (name, words) in enumerate(WORDS.items())
    ]
    store = SoundStore(1_000_000)
    for clip in clips:
        if clip.id not in missing:
            store.put(("alice", clip.sha256, 8000), b"\1\0" * 800)
    return Clips(clips, "alice", 8000, store)


def arranged(text: str, step: int = 1000) -> list[str]:
    """What is said of a text that comes in pieces of `step` characters; clips by their id."""
    clips = library("absent")
    splitter, arranger, found = Splitter(), Arranger(clips), []
    for at in range(0, len(text), step):
        for piece in splitter.add(text[at : at + step]):
            found += arranger.take(piece)
        found += arranger.more(splitter.pending)
    for piece in splitter.rest():
        found += arranger.take(piece)
    found += arranger.rest()
    return [f"<{part.id}>" if isinstance(part, Clip) else part for part in found]


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("We're OPEN from 9 to 5!", ["<hours>"]),
        ("Sure. We're open from 9 to 5. Anything else?", ["Sure.", "<hours>", "Anything else?"]),
        ("Hello and welcome to bright dental. How can I help you?", ["<welcome>"]),
        ("Hello and welcome to Bright Dental. Who is there?", ["Hello and welcome to Bright Dental.", "Who is there?"]),
        ("Thank you for calling, Anna.", ["<thanks>", "Anna."]),
        ("Goodbye, Anna, and thank you for calling.", ["Goodbye, Anna, and thank you for calling."]),
        ("Goodbye, Anna: thank you for calling.", ["Goodbye, Anna:", "<thanks>"]),
        ("Yes, we are.", ["Yes, we are."]),
        ("We're open from 9 to 5 on Mondays.", ["We're open from 9 to 5 on Mondays."]),
        ("We're open from 9 to 5%.", ["We're open from 9 to 5%."]),
        ("Well, [clip:hours] Is that fine?", ["Well,", "<hours>", "Is that fine?"]),
        ("[clip: Hours ]. Bye.", ["<hours>", "Bye."]),
        ("[clip:hours] We're open from 9 to 5. Bye.", ["<hours>", "Bye."]),
        ("[clip:welcome] Hello, and welcome to Bright Dental. How can I help you? Bye.", ["<welcome>", "Bye."]),
        ("[clip:nobody|We close at noon. Really.] Bye.", ["We close at noon. Really.", "Bye."]),
        ("One. [clip:nobody] Two.", ["One.", "Two."]),
        ("[clip:absent] Two.", ["This one never came.", "Two."]),
        ("Fine. [clip:hou", ["Fine."]),
        ("Fine [in brackets] it is.", ["Fine [in brackets] it is."]),
        ("*Thank* you for `calling`.", ["<thanks>"]),
    ],
)
def test_a_text_becomes_clips_and_sentences_however_its_tokens_are_cut(text, said, step) -> None:
    assert arranged(text, step) == said


def test_a_mark_is_one_piece_and_nothing_of_it_is_spoken() -> None:
    splitter = Splitter()
    found = [piece for character in "See. [clip:a_b|Hi. You.] Ok. " for piece in splitter.add(character)]
    assert found == ["See.", ClipMark("a_b", "Hi. You."), "Ok."]
    assert sentences("[clip:" + "x" * 2_000) != [], "what is longer than any mark is a text"


def test_a_sentence_waits_only_while_it_may_become_a_longer_clip() -> None:
    arranger = Arranger(library())
    first = "Hello and welcome to Bright Dental."
    assert arranger.take(first) == []
    assert arranger.more(" How can") == []
    assert arranger.more(" How could I") == [first]


def test_marks_of_other_alphabets_are_not_taken_for_each_other() -> None:
    clips = [Clip(id="one", words="यह कि है", sha256="0" * 64, seconds=1.0)]
    store = SoundStore(10_000)
    store.put(("alice", "0" * 64, 8000), b"\1\0")
    book = Clips(clips, "alice", 8000, store)
    assert book.find("यह कि है।") is clips[0]
    assert book.find("यह की है।") is None


def test_a_store_forgets_what_was_longest_unused() -> None:
    store = SoundStore(800)
    for name in "abcdefghi":
        store.put((name,), b"\0" * 100)
        store.get(("a",))
    assert store.get(("a",))
    assert store.get(("b",)) is None
    assert store.size == 800
    store.put(("huge",), b"\0" * 200)
    assert store.get(("huge",)) is None
