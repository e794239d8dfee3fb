"""What the choices of an agent get wrong is said in words, each with its place, when the draft is saved."""

from __future__ import annotations

from typing import Any

import pytest

from agents.checks import can_be_called
from agents.content import read
from agents.flow.differences import differences
from agents.generate import builtin
from agents.generate.facts import Facts
from media_worker.providers import base, registry
from media_worker.providers.base import Field, Llm, S2s, VendorSpec

pytestmark = pytest.mark.unit
ACCOUNT = "8c1f6a39-52f5-4f7d-9d1c-6f6a3f0a0b11"
OPENAI = {"account": ACCOUNT, "vendor": "openai", "options": {}}
BUILT_IN: dict[str, Any] = {"account": None, "vendor": "builtin", "options": {}}


def draft(**parts: Any) -> dict[str, Any]:
    document = builtin.fill("front_desk", Facts("Bright Dental")).document()
    for name, fields in parts.items():
        document[name] = fields if isinstance(fields, str) else {**document[name], **fields}
    return document


def told(document: object) -> list[tuple[str, str, bool]]:
    return [(problem.anchor, str(problem), problem.blocking) for problem in read(document).problems]


@pytest.fixture
def plain_model(monkeypatch: pytest.MonkeyPatch) -> str:
    """A vendor whose models only talk, in English and German."""
    build: base.Build = lambda provider, context: None  # noqa: E731
    options = (Field("heat", "Heat", "number", min=0, max=1),)
    vendor = VendorSpec(
        "plain",
        "Plain",
        llm=Llm(build, options=options, languages=("en", "de"), tools=False),
        s2s=S2s(build, languages=("en-GB",), tools=False),
    )
    monkeypatch.setitem(registry._BY_NAME, "plain", vendor)
    return vendor.name


def test_an_option_of_a_backup_is_checked_like_the_first_choice() -> None:
    wrong = {**OPENAI, "options": {"speed": 9, "colour": "red"}}
    assert told(draft(models={"tts_backups": [OPENAI, wrong]})) == [
        ("models.tts_backups.1", "Voice, backup 2: there is no setting called “colour”.", True),
        ("models.tts_backups.1", "Voice, backup 2: speed is at most 4.", True),
    ]


def test_a_backup_needs_an_account_and_a_vendor_that_can_do_it() -> None:
    bare, foreign = {**OPENAI, "account": None}, {**OPENAI, "vendor": "nobody"}
    assert told(draft(models={"llm_backups": [bare, foreign]})) == [
        ("models.llm_backups.0.account", "Mind, backup 1: choose an account with OpenAI.", True),
        ("models.llm_backups.1", "Mind, backup 2: there is no vendor called “nobody”.", True),
    ]
    assert "Speech-to-speech: built in cannot do this." in told(draft(models={"s2s": BUILT_IN}))[0][1]


def test_a_backup_that_is_the_same_again_is_a_hint() -> None:
    (problem,) = told(draft(models={"stt_backups": [BUILT_IN]}))
    assert problem == (
        "models.stt_backups.0",
        "Ears, backup 1: it is the same as the first choice, so it cannot help when that fails.",
        False,
    )


def test_the_language_is_asked_of_backups_too() -> None:
    models = {"stt": OPENAI, "llm": OPENAI, "tts": OPENAI, "llm_backups": [BUILT_IN]}
    found = told(draft(models=models, language="de"))
    assert [sentence for _, sentence, blocking in found if blocking] == [
        "Mind, backup 1: built in does not know German."
    ]


@pytest.mark.parametrize(
    ("talent", "choice", "language", "sentence"),
    [
        ("stt", {"vendor": "deepgram", "options": {"model": "flux-general-en"}}, "de", "This Flux model knows English"),
        ("stt", {"vendor": "deepgram", "options": {"model": "flux-general-en", "connection": "http"}}, "en", "Flux hears"),
        ("stt", {"vendor": "assemblyai"}, "de", "This model of AssemblyAI knows English only"),
        ("tts", {"vendor": "deepgram", "options": {"voice": "aura-2-thalia-en"}}, "de", "This voice of Deepgram speaks"),
        ("tts", {"vendor": "cartesia", "options": {"voice": "v", "speed": 9}}, "en", "Speed is at most 1.5."),
        ("stt", {"vendor": "sarvam", "options": {"mode": "sing"}}, "hi", "Writes down: “sing” is not one of the choices."),
        ("stt", {"vendor": "deepgram", "options": {"pitch": 3}}, "en", "There is no setting called “pitch”."),
    ],
)  # fmt: skip
def test_what_a_vendor_does_not_support_is_refused_in_words(talent, choice, language, sentence) -> None:
    models = {"stt": OPENAI, "llm": OPENAI, "tts": OPENAI} | {talent: choice}
    assert sentence.lower() in str(told(draft(models=models, language=language))).lower()


def test_a_model_without_tools_cannot_run_a_script_that_leads_somewhere(plain_model: str) -> None:
    choice = {"vendor": plain_model}
    found = [sentence for _, sentence, _ in told(draft(models={"llm": choice, "small": choice}))]
    assert [sentence.split(" cannot")[0] for sentence in found if "tools" in sentence] == [
        "Mind: plain",
        "Small model: plain",
    ]
    nodes = [{"id": "talk", "type": "conversation", "prompt": "Chat."}, {"id": "bye", "type": "end", "text": "Bye."}]
    flow = {"nodes": nodes, "start": "talk", "intents": []}
    assert not [s for _, s, _ in told(draft(models={"llm": choice}, flow=flow)) if "tools" in s]
    assert "plain does not know" not in str(told(draft(models={"s2s": choice})))


def test_the_built_in_is_no_small_model() -> None:
    assert "it is no language model" not in str(told(draft()))
    assert told(draft(models={"small": BUILT_IN}))[-1][0] == "models.small"


@pytest.mark.parametrize("number", ["+14155550123", "+493012345678"])
def test_a_number_that_exists_can_take_the_call(number: str) -> None:
    assert can_be_called(number)
    assert told(draft(fallbacks={"transfer_to": number})) == []


@pytest.mark.parametrize("number", ["4155550123", "+1", "+1415555", "+99999999999", "sip:desk@example.com", "Bob"])
def test_what_is_no_number_is_refused_in_words(number: str) -> None:
    (problem,) = told(draft(fallbacks={"transfer_to": number}))
    assert problem[0] == "fallbacks.transfer_to"
    assert "Calls go on to a phone number" in problem[1] or "calls go on to a phone number" in problem[1]
    assert problem[2]


@pytest.mark.parametrize(
    ("fallbacks", "anchor", "said"),
    [
        ({"least_confidence": 2}, "fallbacks.least_confidence", "the least confidence of the ears may be at most 1"),
        ({"least_confidence": "high"}, "fallbacks.least_confidence", "the least confidence of the ears has to be a number"),
        ({"apology": ""}, "fallbacks.apology", "what it says when all else failed is missing"),
        ({"fillers": ["ok", "x" * 200]}, "fallbacks.fillers.1", "too long"),
        ({"fillers": []}, "fallbacks.fillers", "no line to fill a pause with"),
        ({"filler_after": 6}, "fallbacks.next_model_after", "the filler is never heard"),
    ],
)  # fmt: skip
def test_fallbacks_are_checked_with_their_places(fallbacks: dict[str, Any], anchor: str, said: str) -> None:
    (problem,) = told(draft(fallbacks=fallbacks))
    assert problem[0] == anchor
    assert said in problem[1].replace("The ", "the ")


def test_a_rule_that_can_never_hold_is_told() -> None:
    rules = [
        {"tier": "small", "nodes": ["nirvana"]},
        {"tier": "large", "intents": ["levitation"], "min_words": 9, "max_words": 3},
        {"tier": "huge"},
    ]
    assert told(draft(routing={"rules": rules})) == [
        ("routing.rules.2.tier", "Routing, rule 3: who answers is not a choice.", True)
    ]
    assert told(draft(routing={"rules": rules[:2], "default": "small"})) == [
        ("routing.rules.0", "Routing, rule 1: there is no more step “nirvana”.", False),
        ("routing.rules.0.tier", "Routing, rule 1: no small model is chosen under Voice & models, so the large one answers.", False),
        ("routing.rules.1", "Routing, rule 2: there is no more topic “levitation”.", False),
        ("routing.rules.1.min_words", "Routing, rule 2: no turn has at least that many words and at most that many.", True),
        ("routing.default", "Routing: no small model is chosen under Voice & models, so the large one answers.", False),
    ]  # fmt: skip


# ── differences ──────────────────────────────────────────────────────────────────────────────────


def changed(after: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    found = differences(draft(), after, {ACCOUNT: "Main account"})
    return [
        (change.place, change.what, [line.text for line in change.lines if line.kind != "gone"]) for change in found
    ]


def test_a_backup_that_came_is_one_difference_in_words() -> None:
    backup = {**OPENAI, "options": {"voice": "nova"}}
    assert changed(draft(models={"tts_backups": [backup]})) == [
        ("Voice & models, voice, backup 1", "added", ["Main account", "openai", "nova"])
    ]


def test_rules_fallbacks_and_turns_are_named_as_the_editor_names_them() -> None:
    places = [place for place, _, _ in changed(draft(
        routing={"rules": [{"tier": "rules", "max_words": 3}], "escalate": False},
        fallbacks={"transfer_to": "+14155550123"},
        turns={"speculate": False},
    ))]  # fmt: skip
    assert set(places) == {
        "Routing, rule 1",
        "Routing, the large model helps the small one",
        "Fallbacks, who takes the call then",
        "Behaviour, thinks ahead",
    }


def test_what_a_model_that_speaks_itself_does_not_do_at_a_step_is_a_hint() -> None:
    document = draft()
    end = next(node for node in document["flow"]["nodes"] if node["type"] == "end")
    end["clip"] = "goodbye"
    talk = next(node for node in document["flow"]["nodes"] if node["type"] == "conversation")
    talk["voice"] = "Bella"
    assert not any("speech-to-speech model" in said for _, said, _ in told(document))
    document["models"]["s2s"] = {"account": ACCOUNT, "vendor": "openai", "options": {}}
    hints = {
        anchor.rsplit(".", 1)[-1]: blocking
        for anchor, said, blocking in told(document)
        if "speech-to-speech model" in said
    }
    assert hints == {"voice": False, "clip": False}
