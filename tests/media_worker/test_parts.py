"""The small parts: codec, sentences, the books of what was heard, logs."""

from __future__ import annotations

import asyncio
import audioop
import json
import logging
import time

import numpy as np
import pytest

from media_worker.observe import logs
from media_worker.pipeline.codec import mulaw_to_pcm, pcm_to_mulaw
from media_worker.pipeline.sentences import Splitter, sentences
from media_worker.pipeline.speech import Books, Speech

pytestmark = pytest.mark.unit


def test_every_sample_and_every_code_agree_with_g711():
    samples = np.arange(-32768, 32768, dtype="<i2").tobytes()
    assert pcm_to_mulaw(samples) == audioop.lin2ulaw(samples, 2)
    codes = bytes(range(256))
    assert mulaw_to_pcm(codes) == audioop.ulaw2lin(codes, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Strange meets Mr. A. Smith at 3 p.m. tomorrow. Good.", ["Dr. Strange meets Mr. A. Smith at 3 p.m. tomorrow.", "Good."]),
        ("It costs 3.50 today.", ["It costs 3.50 today."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("first line\nsecond line", ["first line", "second line"]),
        ("你好。再见。", ["你好。", "再见。"]),
        ("...", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_text_is_cut_into_sentences(text, expected):
    assert sentences(text) == expected


def test_a_sentence_is_given_as_soon_as_it_is_certainly_over():
    splitter = Splitter()
    assert splitter.add("Hello. How a") == ["Hello."]
    assert splitter.add("re you?") == []
    assert splitter.rest() == ["How are you?"]


def test_a_text_without_an_end_is_cut_at_a_word():
    found = sentences("word " * 200)
    assert all(len(piece) <= 300 for piece in found)
    assert " ".join(found).split() == ["word"] * 200


class Desk:
    def __init__(self) -> None:
        self.over: list[Speech] = []
        self.heard: list[str] = []
        self.books = Books(lambda: 0, self.over.append, lambda speech: self.heard.append(speech.heard()))

    def speech(self, *texts: str) -> Speech:
        speech = self.books.begin(Speech(turn=1))
        for text in texts:
            self.books.sentence(speech, text)
        return speech


async def test_a_mark_that_follows_a_clear_is_not_heard():
    desk = Desk()
    speech = desk.speech("one two three four", "five six seven eight")
    first, second = speech.sentences
    now = time.monotonic()
    desk.books.sending(first, now - 2.0, 1.0)
    desk.books.marked(first, now - 1.0)
    desk.books.sending(second, now - 0.5, 1.0)
    desk.books.marked(second, now + 0.5)
    desk.books.written(speech)
    desk.books.played(first.mark, False)
    assert desk.heard == ["one two three four five six"]
    cut = desk.books.cut()
    desk.books.settle_unsent(cut)
    desk.books.played(second.mark, True)
    assert desk.over == [speech]
    assert speech.heard() == "one two three four five six"
    assert speech.unheard() == "seven eight"


async def test_a_mark_that_was_on_its_way_still_counts_as_heard():
    desk = Desk()
    speech = desk.speech("one two")
    desk.books.sending(speech.sentences[0], time.monotonic() - 0.9, 1.0)
    desk.books.marked(speech.sentences[0], time.monotonic() + 0.1)
    desk.books.written(speech)
    cut = desk.books.cut()
    desk.books.settle_unsent(cut)
    desk.books.played(speech.sentences[0].mark, False)
    assert speech.heard() == "one two"


async def test_a_voice_that_times_its_words_tells_which_were_heard():
    desk = Desk()
    speech = desk.speech("unquestionably so I do")
    (sentence,) = speech.sentences
    sentence.timed([("unquestionably", 0.0), ("so", 0.4), ("I", 0.5)])
    sentence.timed([("do", 0.6)])
    desk.books.sending(sentence, time.monotonic() - 0.55, 2.0)
    sentence.made = 2.0
    cut = desk.books.cut()
    desk.books.settle_unsent(cut)
    assert speech.heard() == "unquestionably so"


async def test_a_voice_that_spells_words_in_its_own_way_is_not_believed():
    desk = Desk()
    (sentence,) = desk.speech("at 9 or later").sentences
    sentence.timed([("at", 0.0), ("nine", 0.2), ("or", 0.5), ("later", 0.7)])
    assert sentence.begins == [0.0]


async def test_a_voice_that_breaks_leaves_off_where_its_timing_says():
    desk = Desk()
    speech = desk.speech("unquestionably so I do")
    (sentence,) = speech.sentences
    sentence.timed([("unquestionably", 0.0), ("so", 0.2), ("I", 0.3), ("do", 0.4)])
    sentence.made = 0.35
    assert desk.books.break_off(sentence) == pytest.approx(0.05)
    assert [part.text for part in speech.sentences] == ["unquestionably so", "I do"]


async def test_unknown_and_repeated_marks_change_nothing():
    desk = Desk()
    speech = desk.speech("one two")
    desk.books.sending(speech.sentences[0], time.monotonic() - 1, 1.0)
    desk.books.marked(speech.sentences[0], time.monotonic())
    desk.books.written(speech)
    for name in ("unknown", speech.sentences[0].mark, speech.sentences[0].mark):
        desk.books.played(name, False)
    assert desk.over == [speech]


async def test_what_was_never_sent_is_unheard():
    desk = Desk()
    speech = desk.speech("one two")
    desk.books.settle_unsent(desk.books.cut())
    await asyncio.sleep(0)
    assert (speech.heard(), speech.unheard(), desk.over) == ("", "one two", [speech])


@pytest.mark.parametrize("as_json", [True, False])
def test_logs_take_out_what_others_quote(capsys, as_json):
    from loguru import logger

    try:
        logs.configure("INFO", as_json)
        logs.current_call.set("4711")
        logger.warning("service: no longer usable, not speaking [My number is five]")
        logger.debug("Generating TTS [secret]")
        try:
            raise ValueError("she said hello")
        except ValueError:
            logging.getLogger("media_worker").exception("A turn failed")
        lines = capsys.readouterr().err.strip().splitlines()
    finally:
        logger.remove()
        logging.getLogger().handlers.clear()
        logs.current_call.set("")
    assert len(lines) == 2
    assert "4711" in lines[0]
    for secret in ("five", "secret", "hello"):
        assert not any(secret in line for line in lines)
    assert "ValueError" in lines[1]
    if as_json:
        assert json.loads(lines[0])["level"] == "warning"
