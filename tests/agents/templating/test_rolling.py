"""A new version goes to one, some or all instances, and back; what they say in their own words stays."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from agents import actions as agents
from agents.models import Agent, RollOut, RollOutItem, Template
from agents.simulate import actions as tests
from agents.simulate.shape import Scenario
from agents.templating import actions, returning, rolling
from tenants.audit.models import AuditEvent
from tests.agents.simulate.conftest import Media, media
from tests.agents.templating.conftest import edit_draft, instance, parameters, publish_next
from tests.world import World
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.db
__all__ = ["media"]
NEW = "Good day, this is Bright Dental."


def roll(agency: World, template: Template, *instances: Agent, **how: Any) -> dict[str, RollOutItem]:
    """Bob rolls the latest version out, and a worker does it."""
    template.refresh_from_db()
    assert template.latest is not None
    roll_out = rolling.start(agency.bob, template.latest, instances, **how)
    rolling.work(roll_out.pk)
    roll_out.refresh_from_db()
    assert roll_out.finished_at is not None
    for one in instances:
        one.refresh_from_db()
    return {item.agent.name: item for item in roll_out.items.select_related("agent")}


def heard(agent: Agent) -> str:
    agent.refresh_from_db()
    assert agent.published is not None
    greeting: str = agent.published.content["flow"]["greeting"]
    return greeting


def test_a_new_version_reaches_the_instances_that_were_chosen(template: Template, garage: Agent, agency: World) -> None:
    other = instance(template, agency, "Workshop", business_name="Workshop Two")
    edit_draft(agency, garage, prompt="Be brief.")
    agents.publish(agency.bob, garage)
    publish_next(agency, template, greeting=NEW)
    items = roll(agency, template, garage)
    assert items["Reception"].state == "done", items["Reception"].sentence
    assert heard(garage) == "Good day, this is Corner Garage."
    assert garage.published is not None
    assert garage.published.content["flow"]["prompt"] == "Be brief."
    assert garage.published.notes == "From template Front desk v2"
    assert (garage.published.content["origin"]["number"], garage.draft["origin"]["number"]) == (2, 2)
    assert garage.draft["flow"] == garage.published.content["flow"]
    assert "Workshop Two" in heard(other)
    assert other.published is not None
    assert other.published.number == 1
    assert AuditEvent.objects.filter(action="template.rolled_out").count() == 1
    again = roll(agency, template, garage)
    assert (again["Reception"].state, again["Reception"].sentence) == ("left", "It has version 2 already.")


def test_where_both_changed_somebody_chooses(template: Template, garage: Agent, agency: World) -> None:
    others = [instance(template, agency, name) for name in ("Second", "Third", "Fourth")]
    for agent in (garage, *others):
        edit_draft(agency, agent, greeting="Hi, own words!")
        agents.publish(agency.bob, agent)
    publish_next(agency, template, greeting=NEW)
    left = roll(agency, template, garage)["Reception"]
    assert left.state == "left"
    assert "both changed: Greeting" in left.sentence
    assert heard(garage) == "Hi, own words!"
    roll(agency, template, others[0], rule="instance")
    assert heard(others[0]) == "Hi, own words!"
    assert others[0].published is not None
    assert others[0].published.content["origin"]["number"] == 2
    roll(agency, template, others[1], rule="template")
    assert heard(others[1]) == "Good day, this is Corner Garage."
    roll(agency, template, others[2], rule="instance", choices={others[2].pk: {"flow/greeting": "template"}})
    assert heard(others[2]) == "Good day, this is Corner Garage."


def test_what_was_not_published_is_not_published_along(template: Template, garage: Agent, agency: World) -> None:
    edit_draft(agency, garage, prompt="Half-finished thoughts")
    publish_next(agency, template, greeting=NEW)
    item = roll(agency, template, garage)["Reception"]
    assert "still not" in item.sentence
    assert garage.published is not None
    assert "Half-finished" not in str(garage.published.content)
    assert garage.draft["flow"]["prompt"] == "Half-finished thoughts"
    assert garage.draft["flow"]["greeting"] == heard(garage) == "Good day, this is Corner Garage."


def test_a_draft_that_clashes_or_makes_no_sense_is_left_and_callers_hear_the_new_version(
    template: Template, garage: Agent, agency: World
) -> None:
    edit_draft(agency, garage, greeting="Hi, not yet published!")
    broken = instance(template, agency, "Broken")
    agents.save_draft(agency.bob, broken, {**broken.draft, "flow": {"greeting": 7}}, broken.draft_revision)
    publish_next(agency, template, greeting=NEW)
    items = roll(agency, template, garage, broken)
    for agent in (garage, broken):
        assert items[agent.name].state == "done", items[agent.name].sentence
        assert "draft was left as it is" in items[agent.name].sentence
        assert heard(agent) == "Good day, this is Corner Garage."
        assert agent.draft["origin"]["number"] == 1
    assert garage.draft["flow"]["greeting"] == "Hi, not yet published!"
    assert broken.draft["flow"] == {"greeting": 7}


def test_a_new_parameter_has_to_be_given_first(template: Template, garage: Agent, agency: World) -> None:
    edit_draft(agency, template.master, greeting="Bright Dental in Springfield, hello.")
    declared = [*parameters(), {"name": "town", "label": "Town", "stands_for": "Springfield"}]
    actions.publish(agency.bob, template, parameters=declared)
    item = roll(agency, template, garage)["Reception"]
    assert (item.state, item.sentence) == ("left", "It needs values first: Town is missing.")
    roll(agency, template, garage, values={garage.pk: {"town": "Shelbyville"}})
    assert heard(garage) == "Corner Garage in Shelbyville, hello."
    assert garage.draft["origin"]["values"]["town"] == "Shelbyville"


def test_a_result_that_cannot_be_published_is_not(template: Template, garage: Agent, agency: World) -> None:
    edit_draft(agency, garage, intents=[
        {"name": "ill", "examples": ["I am ill"], "answer": "", "goto": garage.draft["flow"]["nodes"][1]["id"]},
        *garage.draft["flow"]["intents"],
    ])  # fmt: skip
    agents.publish(agency.bob, garage)
    kept = [{"id": "bye", "type": "end", "text": "Goodbye."}]
    publish_next(agency, template, start="bye", nodes=kept, intents=[])
    item = roll(agency, template, garage, rule="template")["Reception"]
    assert item.state == "failed"
    assert "cannot be published" in item.sentence
    assert garage.published is not None
    assert garage.published.number == 2
    assert (item.before_version, item.after_version) == (None, None)


def test_one_that_is_archived_or_detached_or_ahead_is_left(template: Template, garage: Agent, agency: World) -> None:
    second, third = instance(template, agency, "Second"), instance(template, agency, "Third")
    old = publish_next(agency, template, greeting=NEW)
    publish_next(agency, template, greeting="Hello, Bright Dental.")
    roll(agency, template, garage)
    roll_out = rolling.start(agency.bob, old, [garage, second, third])
    agents.archive(agency.bob, second)
    actions.detach(agency.bob, third)
    rolling.work(roll_out.pk)
    said = {item.agent.name: item.sentence for item in roll_out.items.select_related("agent")}
    assert said == {
        "Reception": "It has version 3 already.",
        "Second": "It is archived.",
        "Third": "It is no instance of this template any more.",
    }


def test_rolled_back_it_is_as_it_was(template: Template, garage: Agent, agency: World) -> None:
    before = garage.draft
    greeting = heard(garage)
    publish_next(agency, template, greeting=NEW)
    item = roll(agency, template, garage)["Reception"]
    returning.roll_back(agency.bob, item)
    item.refresh_from_db()
    assert item.state == "back"
    assert heard(garage) == greeting
    assert garage.draft == before
    assert garage.published is not None
    assert (garage.published.number, garage.published.notes) == (3, "Back to before from template front desk v2")
    with pytest.raises(InvalidInput, match="Only an instance that was rolled out"):
        returning.roll_back(agency.bob, item)
    roll(agency, template, garage)
    assert heard(garage) == "Good day, this is Corner Garage."


def test_what_was_changed_since_is_not_rolled_back_unless_somebody_says_so(
    template: Template, garage: Agent, agency: World
) -> None:
    publish_next(agency, template, greeting=NEW)
    item = roll(agency, template, garage)["Reception"]
    edit_draft(agency, garage, greeting="Hi, own words!")
    agents.publish(agency.alice, garage)
    with pytest.raises(InvalidInput, match=r"version 3 was published by .*Alice.* and its draft was edited"):
        returning.roll_back(agency.bob, item)
    assert heard(garage) == "Hi, own words!"
    returning.roll_back(agency.bob, item, force=True)
    assert "Hi, own words!" not in heard(garage)
    agents.undo_restore(agency.bob, garage)
    garage.refresh_from_db()
    assert garage.draft["flow"]["greeting"] == "Hi, own words!", "what was dropped can be had again"


def test_a_worker_that_dies_in_the_middle_leaves_the_rest_for_the_next(
    template: Template, garage: Agent, agency: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [instance(template, agency, name) for name in ("Second", "Third")]
    version = publish_next(agency, template, greeting=NEW)
    roll_out = rolling.start(agency.bob, version, [garage, *others])
    real, calls = agents.put_draft, []

    def dies(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt  # as a worker that is killed: nothing of ours catches it
        return real(*args, **kwargs)

    monkeypatch.setattr(agents, "put_draft", dies)
    with pytest.raises(KeyboardInterrupt):
        rolling.work(roll_out.pk)
    states = sorted(roll_out.items.values_list("state", flat=True))
    assert states == ["done", "waiting", "waiting"]
    half = [agent for agent in (garage, *others) if heard(agent).startswith("Good day")]
    assert len(half) == 1, "the one that was cut short is as it was"
    monkeypatch.undo()
    assert rolling.unfinished(timedelta(0)) == [roll_out.pk]
    rolling.work(roll_out.pk)
    assert set(roll_out.items.values_list("state", flat=True)) == {"done"}
    assert all(heard(agent) == "Good day, this is Corner Garage." for agent in (garage, *others))
    assert [agent.versions.count() for agent in (garage, *others)] == [2, 2, 2]
    assert rolling.unfinished(timedelta(0)) == []


def test_an_agent_whose_tests_fail_with_the_new_version_is_left_as_it_is(
    media: Media, template: Template, garage: Agent, agency: World
) -> None:
    says = {"kind": "said", "text": "Corner Garage"}
    scenario = Scenario.model_validate({"opening": [says]})
    tests.save(agency.bob, garage, "Says who it is", scenario)
    publish_next(agency, template, greeting="Good day, how can I help?")
    item = roll(agency, template, garage)["Reception"]
    assert item.state == "failed"
    assert "1 of its 1 tests fails with it: “Says who it is”" in item.sentence
    assert "Corner Garage" in heard(garage)
    assert roll(agency, template, garage, force=True)["Reception"].state == "done"
    publish_next(agency, template, greeting="Good day, this is Bright Dental.")
    assert roll(agency, template, garage)["Reception"].state == "done"


def test_tests_come_along_with_the_instances_own_values(template: Template, agency: World) -> None:
    scenario = Scenario.model_validate({"opening": [{"kind": "said", "text": "This is Bright Dental"}]})
    tests.save(agency.bob, template.master, "Says who it is", scenario)
    agent = instance(template, agency, "Reception")
    assert agent.tests.get().scenario["opening"][0]["text"] == "This is Corner Garage"


def test_a_fault_of_ours_fails_one_instance_and_not_the_rest(
    template: Template, garage: Agent, agency: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = instance(template, agency, "Second")
    publish_next(agency, template, greeting=NEW)
    real = rolling._merged

    def broken(item: RollOutItem, *args: Any) -> Any:
        if item.agent_id == garage.pk:
            raise ZeroDivisionError
        return real(item, *args)

    monkeypatch.setattr(rolling, "_merged", broken)
    items = roll(agency, template, garage, second)
    assert (items["Reception"].state, items["Second"].state) == ("failed", "done")
    assert items["Reception"].sentence == "Something went wrong inside VoiceOps."


def test_nothing_to_do_is_refused(template: Template, garage: Agent, agency: World) -> None:
    assert template.latest is not None
    with pytest.raises(InvalidInput, match="at least one"):
        rolling.start(agency.bob, template.latest, [])
    with pytest.raises(InvalidInput, match="Not all of these"):
        rolling.start(agency.bob, template.latest, [template.master])
    with pytest.raises(InvalidInput, match="both changed"):
        rolling.start(agency.bob, template.latest, [garage], rule="dice")


def test_two_people_and_two_workers_at_once_publish_each_instance_once(committed: str, world: World) -> None:
    with schema_context("alice"):
        master = agents.create(
            world.alice, world.bright_dental, name="Front desk", call_type="inbound", purpose="Front desk."
        ).agent
        master.tests.all().delete()  # they would need a media worker
        template = actions.make(world.bob, master, name="Front desk", parameters=parameters()[:1])
        instances = [instance(template, world, f"Desk {number}") for number in range(6)]
        version = publish_next(world, template, greeting=NEW)
        roll_outs = [rolling.start(person, version, instances) for person in (world.alice, world.bob)]
    ready, faults = threading.Barrier(4), []

    def work(roll_out: RollOut) -> None:
        try:
            with schema_context("alice"):
                ready.wait(20)
                rolling.work(roll_out.pk)
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(one,)) for one in (*roll_outs, *roll_outs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    with schema_context("alice"):
        assert [agent.versions.count() for agent in instances] == [2] * 6
        for agent in instances:
            states = sorted(RollOutItem.objects.filter(agent=agent).values_list("state", flat=True))
            assert states == ["done", "left"]
            assert heard(agent) == "Good day, this is Corner Garage."
        assert rolling.unfinished(timedelta(0)) == []
