"""Three documents, one result: what only one side changed is taken, what both changed is asked about."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from agents.content import AgentContent, read, whole
from agents.generate.builtin import fill, names
from agents.generate.facts import read_facts
from agents.templating.merge import MISSING, merge, overrides, without

pytestmark = pytest.mark.unit


def document(**flow: Any) -> dict[str, Any]:
    content = {
        "flow": {
            "greeting": "Hello, this is Bright Dental.",
            "prompt": "You are the front desk.\nBe kind.\nNever give advice.",
            "goals": ["book a visit"],
            "start": "talk",
            "nodes": [
                {
                    "id": "talk",
                    "type": "conversation",
                    "intents": [
                        {"name": "hours", "examples": ["when are you open"], "answer": "From eight to five."},
                        {"name": "book", "examples": ["an appointment"], "goto": "booking"},
                    ],
                },
                {
                    "id": "booking",
                    "type": "collect",
                    "slots": [{"name": "day", "type": "date", "ask": "Which day?"}],
                    "next": "bye",
                },
                {"id": "bye", "type": "end", "text": "Goodbye."},
            ],
            **flow,
        }
    }
    return AgentContent.model_validate(content).document()


def node(content: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in content["flow"]["nodes"] if row["id"] == name)


def changed(content: dict[str, Any], name: str = "", **fields: Any) -> dict[str, Any]:
    made = copy.deepcopy(content)
    (node(made, name) if name else made["flow"]).update(fields)
    return made


def test_what_only_one_side_changed_is_taken_from_it() -> None:
    base = document()
    instance = changed(base, greeting="Hi, Bright Dental here!")
    template = changed(base, "bye", text="Goodbye, and take care.")
    merged = merge(base, instance, template)
    assert merged.clashes == ()
    assert merged.document["flow"]["greeting"] == "Hi, Bright Dental here!"
    assert node(merged.document, "bye")["text"] == "Goodbye, and take care."


def test_what_both_changed_is_asked_about_and_stays_the_instances_until_then() -> None:
    base = document()
    instance, template = changed(base, greeting="Hi!"), changed(base, greeting="Good day!")
    merged = merge(base, instance, template)
    [clash] = merged.undecided
    assert (clash.key, clash.instance, clash.template) == ("flow/greeting", "Hi!", "Good day!")
    assert merged.document["flow"]["greeting"] == "Hi!"
    taken = merge(base, instance, template, choices={"flow/greeting": "template"})
    assert (taken.document["flow"]["greeting"], taken.undecided) == ("Good day!", ())
    ruled = merge(base, instance, template, rule="template")
    assert (ruled.document["flow"]["greeting"], ruled.undecided, len(ruled.clashes)) == ("Good day!", (), 1)
    kept = merge(base, instance, template, rule="template", choices={"flow/greeting": "instance"})
    assert kept.document["flow"]["greeting"] == "Hi!"


def test_both_changing_the_same_way_is_no_clash() -> None:
    base = document()
    same = changed(base, greeting="Hi!")
    assert merge(base, same, copy.deepcopy(same)).clashes == ()


def test_lines_of_a_long_text_are_woven_together() -> None:
    base = document()
    instance = changed(base, prompt="You are the front desk of Bright Dental.\nBe kind.\nNever give advice.")
    template = changed(base, prompt="You are the front desk.\nBe kind.\nNever give medical advice.")
    merged = merge(base, instance, template)
    assert merged.clashes == ()
    assert merged.document["flow"]["prompt"] == (
        "You are the front desk of Bright Dental.\nBe kind.\nNever give medical advice."
    )
    both = merge(base, instance, changed(base, prompt="You are the voice.\nBe kind.\nNever give advice."))
    assert [clash.key for clash in both.clashes] == ["flow/prompt"]


def test_topics_and_examples_of_both_sides_come_together() -> None:
    base = document()
    instance, template = copy.deepcopy(base), copy.deepcopy(base)
    node(instance, "talk")["intents"][0]["examples"].append("are you open today")
    node(template, "talk")["intents"][0]["examples"].append("opening hours")
    node(template, "talk")["intents"].insert(
        1, {"name": "price", "examples": ["how much"], "answer": "It depends.", "goto": None}
    )
    merged = merge(base, instance, template)
    assert merged.clashes == ()
    topics = node(merged.document, "talk")["intents"]
    assert [topic["name"] for topic in topics] == ["hours", "price", "book"]
    assert topics[0]["examples"] == ["when are you open", "are you open today", "opening hours"]


def test_a_step_that_one_removed_and_the_other_changed_is_a_clash() -> None:
    base = document()
    instance = copy.deepcopy(base)
    instance["flow"]["nodes"] = [row for row in instance["flow"]["nodes"] if row["id"] != "booking"]
    node(instance, "talk")["intents"].pop()
    template = copy.deepcopy(base)
    node(template, "booking")["slots"][0]["ask"] = "For which day?"
    merged = merge(base, instance, template)
    [clash] = merged.undecided
    assert clash.path == ("flow", "nodes", "booking")
    assert clash.instance is MISSING
    assert [row["id"] for row in merged.document["flow"]["nodes"]] == ["talk", "bye"]
    back = merge(base, instance, template, rule="template")
    assert [row["id"] for row in back.document["flow"]["nodes"]] == ["talk", "booking", "bye"]


def test_a_removed_step_that_the_instance_leads_to_is_told_by_reading_the_result() -> None:
    base = document()
    instance = copy.deepcopy(base)
    instance["flow"]["intents"] = [{"name": "sick", "examples": ["I am ill"], "answer": "", "goto": "booking"}]
    template = copy.deepcopy(base)
    template["flow"]["nodes"] = [row for row in template["flow"]["nodes"] if row["id"] != "booking"]
    node(template, "talk")["intents"].pop()
    merged = merge(base, instance, template)
    assert merged.clashes == ()
    assert any("does not exist" in problem.sentence for problem in read(merged.document).blocking)


def test_a_voice_of_another_vendor_is_taken_whole_or_not_at_all() -> None:
    base, instance, template = document(), document(), document()
    instance["models"]["tts"] = {"account": None, "vendor": "piper", "options": {"voice": "amy"}}
    template["models"]["tts"]["options"] = {"voice": "en-gb"}
    merged = merge(base, instance, template)
    assert [clash.key for clash in merged.clashes] == ["models/tts"]
    assert merged.document["models"]["tts"]["options"] == {"voice": "amy"}


def test_a_step_of_another_kind_is_no_mixture() -> None:
    base = document()
    instance, template = copy.deepcopy(base), copy.deepcopy(base)
    node(instance, "bye")["text"] = "See you."
    template["flow"]["nodes"][2] = {"id": "bye", "type": "say", "text": "One more thing.", "next": "talk"}
    template = AgentContent.model_validate(template).document()
    assert [clash.key for clash in merge(base, instance, template).clashes] == ["flow/nodes/bye"]


def test_where_steps_lie_on_the_canvas_is_the_instances_and_new_ones_lie_as_in_the_template() -> None:
    base = document()
    instance, template = copy.deepcopy(base), copy.deepcopy(base)
    instance["layout"] = {"talk": [1.0, 2.0], "gone": [0.0, 0.0]}
    template["layout"] = {"talk": [9.0, 9.0], "bye": [5.0, 5.0]}
    assert merge(base, instance, template).document["layout"] == {"talk": [1.0, 2.0], "bye": [5.0, 5.0]}


def test_overrides_are_listed_and_each_can_be_given_up() -> None:
    base = document()
    instance = changed(changed(base, greeting="Hi!"), "bye", text="So long.")
    assert [one.key for one in overrides(base, instance)] == ["flow/greeting", "flow/nodes/bye/text"]
    again = without(base, instance, ["flow/greeting"])
    assert [one.key for one in overrides(base, again)] == ["flow/nodes/bye/text"]
    assert overrides(base, base) == ()


# ── whatever the documents are ───────────────────────────────────────────────────────────────────
def scribbled(content: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """The document after somebody edited it: words, rows, steps."""
    made = copy.deepcopy(content)
    flow = made["flow"]
    for _ in range(dice.randint(1, 6)):
        step = dice.choice(flow["nodes"])
        deed = dice.randint(0, 5)
        if deed == 0:
            flow["greeting"] = f"Hello {dice.randint(0, 9)}"
        elif deed == 1 and step["type"] == "conversation" and step["intents"]:
            dice.choice(step["intents"])["examples"].append(f"words {dice.randint(0, 9)}")
        elif deed == 2:
            flow["goals"].append(f"goal {dice.randint(0, 9)}")
        elif deed == 3 and step["type"] in ("say", "end"):
            step["text"] = f"Words {dice.randint(0, 9)}"
        elif deed == 4:
            new = {"id": f"new_{dice.randint(0, 3)}", "type": "end", "text": f"Bye {dice.randint(0, 1)}"}
            if all(row["id"] != new["id"] for row in flow["nodes"]):
                flow["nodes"].insert(dice.randint(0, len(flow["nodes"])), new)
        elif deed == 5 and step["type"] == "conversation" and step["intents"]:
            step["intents"].pop(dice.randrange(len(step["intents"])))
    return AgentContent.model_validate(made).document()


@pytest.mark.parametrize("seed", range(40))
def test_laws_that_hold_for_whatever_people_did(seed: int) -> None:
    dice = random.Random(seed)
    base = fill(dice.choice(names()), read_facts("Open Monday to Friday 8 to 5.", "Bright Dental")).document()
    instance, template = scribbled(base, dice), scribbled(base, dice)
    assert whole(merge(base, base, template).document) == whole(template), "untouched: the template, whole"
    assert whole(merge(base, instance, base).document) == whole(instance), "nothing new: the instance, whole"
    assert merge(base, instance, instance).clashes == ()
    merged = merge(base, instance, template)
    kept = merge(base, instance, template, rule="instance")
    assert kept.document == merged.document, "undecided, the instance keeps its own"
    assert kept.undecided == ()
    keys = [clash.key for clash in merged.clashes]
    assert len(keys) == len(set(keys)), "each clash is asked about once"
    chosen = merge(base, instance, template, choices=dict.fromkeys(keys, "template"))
    assert chosen.document == merge(base, instance, template, rule="template").document
    for result in (merged, chosen):
        AgentContent.model_validate(result.document)
    again = merge(template, merged.document, template)
    assert again.document == merged.document, "rolled out twice is rolled out once"
