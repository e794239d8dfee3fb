"""What the built-in ears listen for, and how far they believe what they hear."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from media_worker.providers.base import Expectation
from media_worker.providers.builtin.automaton import GrammarError, compile_rule
from media_worker.providers.builtin.evidence import Heard, confidence, weigh
from media_worker.providers.builtin.grammar import RULES, grammar
from media_worker.providers.builtin.pronounce import spell_out

pytestmark = pytest.mark.unit


def accepts(expected: Expectation, sentence: str) -> bool:
    automaton = grammar(expected)
    assert automaton is not None
    return automaton.accepts(sentence.split())


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("a b", ["a b"], ["", "a", "a b b", "b a"]),
        ("a | b c", ["a", "b c"], ["a c", "b"]),
        ("[a] b", ["b", "a b"], ["a", "a a b"]),
        ("(a | b)+ c", ["a c", "b a b c"], ["c", "a"]),
        ("[a [b]] <x>", ["x", "a x", "a b x"], ["b x"]),
        ("[[a]]", ["", "a"], ["a a"]),
    ],
)
def test_a_rule_accepts_its_sentences_and_no_others(rule: str, good: list[str], bad: list[str]) -> None:
    automaton = compile_rule(rule, {"x": "x"})
    assert all(automaton.accepts(sentence.split()) for sentence in good)
    assert not any(automaton.accepts(sentence.split()) for sentence in bad)


@pytest.mark.parametrize("rule", ["(a", "a)", "[a", "+", "a ] b", "<", "(" * 3000])
def test_a_broken_rule_is_refused(rule: str) -> None:
    with pytest.raises((GrammarError, KeyError, RecursionError)):
        compile_rule(rule, {})


def test_a_rule_within_itself_is_refused() -> None:
    with pytest.raises(GrammarError):
        compile_rule("<x>", {"x": "a <x>"})


def test_no_two_arcs_of_a_state_carry_the_same_word() -> None:
    for name in RULES:
        automaton = compile_rule(f"<{name}>", RULES)
        ways = [(source, word) for source, _, word in automaton.arcs]
        assert len(ways) == len(set(ways)), name


@pytest.mark.parametrize(
    ("slot", "sentences"),
    [
        ("date", ["tomorrow", "next thursday", "on the twenty second of may", "may third", "in two weeks"]),
        ("time", ["three", "at half past three", "two p m", "nine fifteen in the morning", "noon"]),
        ("phone", ["five five five one two three four", "my number is oh seven double two three"]),
        ("number", ["two", "for two people", "twenty two", "a hundred and five"]),
        ("yes_no", ["yes", "yes please", "no thank you", "that's right"]),
        ("name", ["my name is peter parker", "bob", "it's b o b", "doctor smith"]),
        ("email", ["bob at example dot com", "it's alice dot smith at gmail dot com"]),
    ],
)
def test_a_slots_grammar_holds_what_callers_say(slot, sentences: list[str]) -> None:
    for sentence in sentences:
        assert accepts(Expectation(slot=slot), sentence), sentence


def test_phrases_take_any_polite_opening_and_openers_a_value_at_once() -> None:
    expected = Expectation(
        phrases=("I'd like to book an appointment", "When are you open?"),
        openers=("I'd like to book an appointment",),
        volunteered=("date", "time"),
    )
    for sentence in (
        "can i book an appointment", "book an appointment please", "hello i want to book an appointment",
        "when are you open", "i would like to book an appointment for next thursday at three",
    ):  # fmt: skip
        assert accepts(expected, sentence), sentence
    assert not accepts(expected, "when are you open next thursday at three")
    assert not accepts(expected, "book an appointment next thursday eight")


def test_hostile_phrases_make_a_harmless_grammar_or_none() -> None:
    assert grammar(Expectation()) is None
    assert grammar(Expectation(phrases=("", "!!!", "🦷"))) is None
    odd = grammar(Expectation(phrases=("<public> = (a | [b", "#JSGF; {x}", "call 911")))
    assert odd is not None
    assert odd.accepts(["call", "nine", "one", "one"])
    assert grammar(Expectation(phrases=tuple(f"sentence number {i} of many" for i in range(2000)))) is not None


def heard(word: str, first: int, last: int, each: float) -> Heard:
    return Heard(word, first, last, each * (last - first + 1))


def test_words_that_sound_as_good_as_free_phones_are_believed_and_others_are_not() -> None:
    phones = [heard("SIL", 0, 19, -1), heard("Y", 20, 59, -2), heard("S", 60, 99, -2), heard("SIL", 100, 120, -1)]
    silence = heard("<sil>", 0, 19, -1)
    good = weigh([silence, heard("yes", 20, 99, -3.5)], phones)
    bad = weigh([silence, heard("yes", 20, 99, -9)], phones)
    half = weigh([silence, heard("yes", 20, 49, -3.5)], phones)
    assert confidence(good) > 0.9
    assert confidence(bad) < 0.1
    assert confidence(half) < confidence(good)
    assert confidence(good, whole=False) < confidence(good)
    assert confidence(good, strictness=1.0) < confidence(good, strictness=0.0)
    assert confidence(weigh([], phones)) == 0.0
    assert confidence(weigh([], [])) == 0.0


def test_a_name_that_is_in_no_dictionary_is_spelled_out() -> None:
    assert spell_out("zorblax") == "Z AO R B L AE K S"
    assert spell_out("kate") == "K EY T"
    assert spell_out("123") == ""


def test_the_declarations_bring_nothing_heavy() -> None:
    code = (
        "import sys; import media_worker.providers.registry, media_worker.flow.runner, media_worker.providers.text;"
        "print([m for m in ('pipecat', 'numpy', 'django', 'pocketsphinx', 'soxr', 'openai') if m in sys.modules])"
    )
    root = Path(__file__).parents[3]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, timeout=60, check=True)
    assert run.stdout.strip() == "[]"
