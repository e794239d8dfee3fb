"""The books through a pause: what is sent again is not heard twice, and not lost."""

from __future__ import annotations

import time

import pytest

from media_worker.pipeline.speech import Books, Speech

pytestmark = pytest.mark.unit


class Desk:
    def __init__(self) -> None:
        self.over: list[Speech] = []
        self.books = Books(lambda: 0, self.over.append, lambda speech: None)

    def speech(self, *texts: str) -> Speech:
        speech = self.books.begin(Speech(turn=1))
        for text in texts:
            self.books.sentence(speech, text)
        return speech


async def test_a_mark_that_a_pause_cleared_says_nothing_of_its_sentence():
    desk = Desk()
    speech = desk.speech("one two three four")
    sentence, now = speech.sentences[0], time.monotonic()
    sentence.made = 2.0
    desk.books.sending(sentence, now - 1.0, 2.0)
    desk.books.marked(sentence, now + 1.0)
    desk.books.written(speech)
    old = sentence.mark
    desk.books.unmark(sentence)
    desk.books.take_back(sentence, 1.0)
    desk.books.pause(now)
    desk.books.played(old, True)
    assert desk.over == []
    assert speech.heard() == "one two"
    desk.books.resume()
    desk.books.sending(sentence, now + 3.0, 1.0)
    desk.books.marked(sentence, now + 4.0)
    assert sentence.mark != old
    desk.books.played(sentence.mark, False)
    assert desk.over == [speech]
    assert speech.heard() == "one two three four"


async def test_a_sentence_that_was_played_before_the_pause_counts_as_heard_though_its_mark_is_cleared():
    desk = Desk()
    speech = desk.speech("one two", "three four")
    first, now = speech.sentences[0], time.monotonic()
    desk.books.sending(first, now - 1.0, 1.0)
    desk.books.marked(first, now)
    desk.books.pause(now)
    desk.books.played(first.mark, True)
    desk.books.settle_unsent(desk.books.cut())
    assert (speech.heard(), speech.unheard()) == ("one two", "three four")


async def test_time_that_the_agent_stood_still_is_not_time_that_was_heard():
    desk = Desk()
    speech = desk.speech("one two three four")
    sentence, now = speech.sentences[0], time.monotonic()
    sentence.made, sentence.whole = 4.0, True
    desk.books.sending(sentence, now - 10.0, 1.0)
    desk.books.sending(sentence, now - 1.0, 1.0)
    desk.books.pause(now)
    assert speech.heard() == "one two"


async def test_what_a_pause_took_back_whole_was_never_begun():
    desk = Desk()
    speech = desk.speech("one two")
    sentence, now = speech.sentences[0], time.monotonic()
    desk.books.sending(sentence, now + 0.1, 0.06)
    desk.books.take_back(sentence, 0.06)
    desk.books.pause(now)
    assert (sentence.starts, speech.heard()) == (None, "")


async def test_a_guess_is_nothing_that_is_being_said():
    desk = Desk()
    speech = desk.speech("one two")
    speech.speculative = True
    assert not desk.books.speaking
    assert desk.books.current is None
    speech.speculative = False
    assert desk.books.speaking
