"""Bob makes a template of an agent that works, and each of Alice's clients gets its own from it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents import actions as agents
from agents.content import read
from agents.errors import NotPublishable
from agents.models import Agent, Template
from agents.templating import actions, documents, propose
from agents.templating.origins import origin_of
from tenants.audit.models import AuditEvent
from tests.agents.templating.conftest import HOURS, edit_draft, instance, parameters, publish_next
from tests.world import World
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.db


def test_a_template_has_holes_where_its_parameters_stand(template: Template) -> None:
    version = template.latest
    assert version is not None
    text = json.dumps(version.content)
    assert "Bright Dental" not in text
    assert "[[business_name]]" in version.content["flow"]["greeting"]
    assert version.content["flow"]["hours"] == "[[hours]]"
    assert version.content["models"]["tts"]["options"]["voice"] == "[[voice]]"
    assert AuditEvent.objects.filter(action="template.made").exists()


def test_what_could_be_a_parameter_is_found_in_what_the_agent_says(front_desk: Agent) -> None:
    found = {one.parameter.name: one for one in propose.proposals(front_desk, front_desk.draft)}
    assert found["business_name"].parameter.stands_for == "Bright Dental"
    assert found["business_name"].wise
    assert found["hours"].parameter.default == HOURS
    assert found["hours"].parameter.stands_for == "Monday to Friday, 8 am to 5 pm"
    assert found["voice"].parameter.stands_for == "en-us"


def test_the_master_says_the_same_again_when_its_own_values_are_filled_in(template: Template) -> None:
    version = template.latest
    assert version is not None
    filled = documents.values_for(version, {"business_name": "Bright Dental"})
    assert filled.problems == {}
    again = documents.rendered(version, filled.values)
    assert again["flow"]["greeting"] == template.master.draft["flow"]["greeting"]


def test_a_client_gets_an_agent_that_says_its_own_name_and_hours(garage: Agent, template: Template) -> None:
    assert garage.published is not None
    content = garage.published.content
    assert "Corner Garage" in content["flow"]["greeting"]
    assert "Bright Dental" not in json.dumps(content)
    assert "Monday to Saturday 7 am to 6 pm" in json.dumps(content)
    assert content["flow"]["hours"]["openings"][0] == {"day": "mon", "begin": "07:00", "end": "18:00"}
    assert (garage.published.number, garage.published.notes) == (1, "From template Front desk v1")
    assert read(content).blocking == ()
    origin = origin_of(content)
    assert origin is not None
    assert (origin.version, origin.values["business_name"]) == (template.latest, "Corner Garage")


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"business_name": ""}, "business_name", "missing"),
        ({"business_name": "x" * 2_000_000}, "business_name", "At most 200"),
        ({"business_name": "{{caller}}"}, "business_name", "brackets"),
        ({"business_name": "[[hours]]"}, "business_name", "brackets"),
        ({"business_name": "[clip:apology]"}, "business_name", "brackets"),
        ({"business_name": "a\x00b"}, "business_name", "signs"),
        ({"hours": "whenever"}, "hours", "not understood"),
        ({"hours": "Mon 25-26"}, "hours", "no time"),
    ],
)
def test_a_hostile_or_wrong_value_is_refused_in_words(
    template: Template, agency: World, values: dict[str, str], field: str, sentence: str
) -> None:
    given = {"business_name": "Corner Garage"} | values
    with pytest.raises(InvalidInput, match=sentence) as refused:
        actions.instantiate(agency.bob, template, agency.corner_garage, name="Reception", values=given)
    assert refused.value.field == field
    assert not Agent.objects.filter(client=agency.corner_garage).exists()


def test_what_the_client_does_not_have_keeps_its_agent_a_draft_that_says_so(template: Template, agency: World) -> None:
    nodes = [
        {"id": "look", "type": "tool", "tool": "find_car", "next": "bye"},
        {"id": "bye", "type": "end", "text": "Goodbye."},
    ]
    publish_next(agency, template, start="look", nodes=nodes, intents=[])
    values = {"business_name": "Corner Garage"}
    made = actions.instantiate(agency.bob, template, agency.corner_garage, name="Reception", values=values)
    assert made.agent.published is None
    assert any("find" in str(problem) for problem in made.problems), made.problems


def test_the_next_version_can_come_from_another_master(template: Template, garage: Agent, agency: World) -> None:
    other = instance(template, agency, "Better desk", business_name="Bright Dental")
    actions.detach(agency.bob, other)
    actions.change(agency.bob, template, name="Front desk", description="", master=other)
    version = publish_next(agency, template, greeting="Hi, Bright Dental.")
    assert version.content["flow"]["greeting"] == "Hi, [[business_name]]."


def test_the_origin_stays_whoever_saves_the_draft(garage: Agent, agency: World) -> None:
    before = garage.draft["origin"]
    forged: dict[str, Any] = {**garage.draft, "origin": {**before, "values": {"business_name": "Evil"}}}
    forged["flow"] = {**forged["flow"], "greeting": "Hi!"}
    agents.save_draft(agency.bob, garage, forged, garage.draft_revision)
    garage.refresh_from_db()
    assert garage.draft["origin"] == before
    without = {key: value for key, value in garage.draft.items() if key != "origin"}
    agents.save_draft(agency.bob, garage, without, garage.draft_revision)
    garage.refresh_from_db()
    assert garage.draft["origin"] == before


def test_other_values_change_the_draft_and_not_what_callers_hear(garage: Agent, agency: World) -> None:
    actions.set_values(agency.bob, garage, {"business_name": "Garage One"})
    garage.refresh_from_db()
    assert "Garage One" in garage.draft["flow"]["greeting"]
    assert garage.published is not None
    assert "Corner Garage" in garage.published.content["flow"]["greeting"]
    assert garage.draft["origin"]["values"]["business_name"] == "Garage One"
    with pytest.raises(InvalidInput, match="Business name is missing"):
        actions.set_values(agency.bob, garage, {"business_name": " "})


def test_words_of_its_own_survive_other_values(garage: Agent, agency: World) -> None:
    edit_draft(agency, garage, greeting="Hi, this is the garage!")
    _, merged = actions.set_values(agency.bob, garage, {"business_name": "Garage One"})
    assert [clash.key for clash in merged.undecided] == ["flow/greeting"]
    garage.refresh_from_db()
    assert garage.draft["flow"]["greeting"] == "Hi, this is the garage!"
    actions.give_up(agency.bob, garage, ["flow/greeting"])
    garage.refresh_from_db()
    assert "Garage One" in garage.draft["flow"]["greeting"]


def test_an_old_version_that_comes_back_brings_what_it_rests_on(
    garage: Agent, template: Template, agency: World
) -> None:
    actions.set_values(agency.bob, garage, {"business_name": "Garage One"})
    garage.refresh_from_db()
    agents.publish(agency.bob, garage)
    first = garage.versions.get(number=1)
    agents.restore(agency.bob, garage, first)
    garage.refresh_from_db()
    assert garage.draft["origin"]["values"]["business_name"] == "Corner Garage"
    agents.undo_restore(agency.bob, garage)
    garage.refresh_from_db()
    assert garage.draft["origin"]["values"]["business_name"] == "Garage One"


def test_the_next_version_is_what_the_master_says_now(template: Template, agency: World) -> None:
    with pytest.raises(InvalidInput, match="Nothing has changed since version 1"):
        actions.publish(agency.bob, template)
    version = publish_next(agency, template, greeting="Good day, this is Bright Dental.")
    assert (version.number, version.content["flow"]["greeting"]) == (2, "Good day, this is [[business_name]].")


def test_a_master_that_makes_no_sense_is_no_template(template: Template, agency: World) -> None:
    edit_draft(agency, template.master, greeting="")
    with pytest.raises(NotPublishable, match="callers would hear nothing"):
        actions.publish(agency.bob, template)
    edit_draft(agency, template.master, greeting="Hello from [[nobody]].")
    with pytest.raises(InvalidInput, match=r"no parameter is called so"):
        actions.publish(agency.bob, template)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"name": "town", "label": "Town", "stands_for": "Springfield"}, "stands nowhere"),
        ({"name": "business_name", "label": "Again", "stands_for": "Bright Dental"}, "Two parameters"),
        ({"name": "Bad Name", "label": "Bad"}, "cannot be read"),
        ({"name": "plan", "label": "Plan", "kind": "choice"}, "at least one choice"),
        ({"name": "phone", "label": "Phone", "kind": "phone", "default": "12"}, "country code"),
        ({"name": "more", "label": "More", "kind": "hours", "default": HOURS}, "keep one of them"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused_in_words(
    front_desk: Agent, agency: World, row: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        actions.make(agency.bob, front_desk, name="Desk", parameters=[*parameters(), row])
    assert not Template.objects.exists()


def test_names_are_taken_once_and_archived_templates_are_used_no_more(template: Template, agency: World) -> None:
    with pytest.raises(InvalidInput, match="already"):
        actions.make(agency.bob, template.master, name="FRONT desk", parameters=parameters())
    actions.archive(agency.bob, template)
    template.refresh_from_db()
    with pytest.raises(InvalidInput, match="archived"):
        instance(template, agency, "Late")
    actions.unarchive(agency.bob, template)
    template.refresh_from_db()
    assert instance(template, agency, "Late").published is not None


def test_a_detached_instance_is_an_agent_of_its_own(garage: Agent, agency: World) -> None:
    actions.detach(agency.bob, garage)
    garage.refresh_from_db()
    assert (garage.template, garage.draft["origin"]) == (None, None)
    with pytest.raises(InvalidInput, match="not made from a template"):
        actions.set_values(agency.bob, garage, {})
