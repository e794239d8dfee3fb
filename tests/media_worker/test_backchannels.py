"""What a listener says without wanting to speak."""

from __future__ import annotations

import pytest

from media_worker.pipeline.backchannels import asks_yes_or_no, is_backchannel

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("uh-huh", "en"), ("Uh huh.", "en-GB"), ("Mm-hmm", "en"), ("mmmmm", "en"), ("Yeah, yeah, okay.", "en"),
        ("OK!", "en"), ("That's right.", "en"), ("I see", "en"), ("genau", "de"), ("Ja, natürlich!", "de"),
        ("vale, vale", "es"), ("D'accord.", "fr"), ("हाँ जी", "hi"), ("はい、はい。", "ja"), ("嗯，好的", "zh"),
        ("mhm", "xx"),
    ],
)  # fmt: skip
def test_a_hum_is_a_hum(text, language):
    assert is_backchannel(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "en"), ("...", "en"), ("no", "en"), ("wait", "en"), ("stop", "en"), ("okay but what about sunday", "en"),
        ("right now", "en"), ("yes " * 30, "en"), ("ja aber", "de"), ("oui mais non", "fr"), ("yeah", "xx"), ("5", "en"),
        ("好的但是", "zh"),
    ],
)  # fmt: skip
def test_a_word_is_a_word(text, language):
    assert not is_backchannel(text, language)


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("Is that right?", "en"), ("I have Thursday, is that right?", "en"), ("Can I ask what your name is?", "en"),
        ("Passt Ihnen der Dienstag?", "de"), ("क्या यह सही है?", "hi"), ("これでよろしいですか。", "ja"), ("这样可以吗？", "zh"),
        ("¿Le parece bien?", "es"), ("Shall we?”", "en"),
    ],
)  # fmt: skip
def test_a_question_that_a_yes_answers(sentence, language):
    assert asks_yes_or_no(sentence, language)


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("We close at noon.", "en"), ("How can I help you?", "en"), ("And at what time?", "en"), ("Wie heißen Sie?", "de"),
        ("¿Cuándo quiere venir?", "es"), ("आप कब आना चाहते हैं?", "hi"), ("お名前は何ですか？", "ja"), ("", "en"),
    ],
)  # fmt: skip
def test_a_question_that_wants_more_than_a_yes_or_none_at_all(sentence, language):
    assert not asks_yes_or_no(sentence, language)
