"""Programs do with templates what people do on pages."""

from __future__ import annotations

import pytest

from agents.models import Agent, RollOut
from agents.templating import rolling
from tests.agents.templating.conftest import edit_draft, parameters
from tests.agents.test_api import post, program
from tests.world import World

pytestmark = pytest.mark.db


def test_from_an_agent_to_a_roll_out_and_back(front_desk: Agent, agency: World) -> None:
    front_desk.tests.all().delete()
    bob = program(agency.bob)
    made = post(bob, "templates/", agent=str(front_desk.pk), name="Desk", parameters=parameters())
    assert made.status_code == 201, made.content
    where = f"templates/{made.json()['id']}"
    values = {"business_name": "Corner Garage", "hours": "Mon-Sat 7-18"}
    client = str(agency.corner_garage.pk)
    refused = post(bob, f"{where}/instances/", client=client, name="Reception", values={"hours": "?"})
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (422, ["business_name"])
    agent = post(bob, f"{where}/instances/", client=client, name="Reception", values=values)
    assert (agent.status_code, agent.json()["version"]) == (201, 1)
    assert post(bob, f"{where}/versions/").status_code == 422, "nothing has changed"
    edit_draft(agency, front_desk, greeting="Good day, this is Bright Dental.")
    assert post(bob, f"{where}/versions/", notes="Politer").json()["version"] == 2
    (one,) = bob.get(f"/api/v1/{where}/").json()["instances"]
    assert (one["state"], one["behind"], one["version"]) == ("behind", 1, 1)
    begun = post(bob, f"{where}/roll-outs/", agents=[one["agent"]])
    assert begun.status_code == 201
    rolling.work(RollOut.objects.get().pk)
    result = bob.get(f"/api/v1/roll-outs/{begun.json()['id']}/").json()
    assert [item["state"] for item in result["items"]] == ["done"]
    back = post(bob, f"roll-outs/{begun.json()['id']}/back/", agents=[one["agent"]])
    assert back.json() == {"back": 1, "refused": []}
    assert [row["name"] for row in bob.get("/api/v1/templates/").json()] == ["Desk"]
    dana = program(agency.dana)
    for address in ("templates/", f"{where}/", f"roll-outs/{begun.json()['id']}/"):
        assert dana.get(f"/api/v1/{address}").status_code in (403, 404), address
