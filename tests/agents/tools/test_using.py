"""One doorway: names, sources, types, mocks; and one use happens once."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from django_tenants.utils import schema_context

from agents.models import Tool, ToolUse
from agents.tools import actions, queries, remembering
from agents.tools.actions import SettingsRefused, ToolDraft
from agents.tools.arguments import settled, typed
from agents.tools.kinds.base import Caller, ToolFailed
from agents.tools.using import use
from media_worker.contract.tools import Parameter, ToolOutcome, UseTool
from tenants.audit.models import AuditEvent
from tenants.usage.models import UsageRecord
from tests.agents.tools.making import FAILURE, ask, caller, http_tool
from tests.fakes.tool_server import ToolServer
from tests.world import World
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.db


def test_the_clients_own_tool_goes_before_the_agencys(agency: World, shop: ToolServer) -> None:
    http_tool(agency, f"{shop.url}/orders/agency", client_id=None)
    http_tool(agency, f"{shop.url}/orders/dental")
    assert "dental" in ask(agency, "order").text
    assert "agency" in ask(agency, "order", by=caller(agency, client_id=agency.corner_garage.pk)).text


def test_another_clients_tool_does_not_exist(agency: World, shop: ToolServer) -> None:
    http_tool(agency, f"{shop.url}/orders/7", client_id=agency.corner_garage.pk)
    outcome = ask(agency, "order")
    assert (outcome.ok, outcome.text) == (False, "There is no tool called “order” any more.")
    assert shop.asked == []


def test_every_agent_has_the_ready_ones_and_the_host_does_none_of_them(agency: World) -> None:
    there = queries.offered(agency.bright_dental.pk)
    acts = {name: one.spec().act for name, one in there.items()}
    assert acts == {
        "end_call": "end_call", "send_digits": "send_digits", "remember": "remember", "search_knowledge": "knowledge",
    }  # fmt: skip
    assert all(one.spec().failure for one in there.values())
    assert not ask(agency, "end_call").ok


def test_transfers_go_to_configured_numbers_only(agency: World) -> None:
    numbers = [{"name": "reception", "number": "+1 415 555 0177"}, {"name": "billing", "number": "+14155550178"}]
    draft = ToolDraft("transfer", "connect", "Connect", FAILURE, config={"numbers": numbers})
    actions.create(agency.alice, draft)
    specs, missing = queries.specs(agency.bright_dental.pk, ["connect_reception", "connect_nobody"])
    assert missing == ["connect_nobody"]
    (to,) = specs[0].parameters
    assert (specs[0].act, to.value, to.source, to.trusted) == ("transfer", "+14155550177", "fixed", True)


# ── arguments ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("number", "4", 4), ("number", 2.5, 2.5), ("yes_no", "Yes", True), ("yes_no", False, False),
        ("date", "2026-08-31", "2026-08-31"), ("date", "2026-08-31T10:00", "2026-08-31"), ("time", "9:30", None),
        ("time", "09:30:00", "09:30"), ("email", "ann@example.com", "ann@example.com"), ("email", "ann at home", None),
        ("email", "a@b.com, c@d.com", None), ("phone", "+1 (415) 555-0123", "+14155550123"), ("phone", "0123", None),
        ("number", "four", None), ("number", "nan", None), ("yes_no", "maybe", None), ("date", "tomorrow", None),
        ("text", "x" * 5000, None), ("text", "a\x00b", None),
    ],
)  # fmt: skip
def test_an_argument_has_its_type(kind: Any, given: Any, kept: Any) -> None:
    parameter = Parameter(name="it", type=kind)
    if kept is None:
        with pytest.raises(ToolFailed, match="“it” has to be"):
            typed(parameter, given)
    else:
        assert typed(parameter, given) == kept


def test_a_choice_is_one_of_the_choices() -> None:
    parameter = Parameter(name="size", type="choice", choices=("Small", "Large"))
    assert typed(parameter, "large") == "Large"
    with pytest.raises(ToolFailed, match="one of: Small, Large"):
        typed(parameter, "huge")


def test_the_host_fills_what_is_fixed_whatever_it_is_told(agency: World) -> None:
    by = Caller(client_id=agency.bright_dental.pk, caller="+14155550123", variables={"plan": "gold"})
    fixed = Parameter(name="account", source="fixed", value="acc-{{plan}}", trusted=True)
    mine = Parameter(name="to", source="variable", value="caller", trusted=True)
    assert settled([fixed, mine], {"account": "acc-evil", "to": "+19005550100"}, by) == {
        "account": "acc-gold",
        "to": "+14155550123",
    }
    later = Parameter(name="note", source="fixed", value="Seen: {{found}}")
    assert settled([later], {"note": "Seen: a lamp"}, by) == {"note": "Seen: a lamp"}
    with pytest.raises(ToolFailed, match="not from the conversation"):
        settled([Parameter(name="amount", trusted=True)], {"amount": "5"}, by)
    with pytest.raises(ToolFailed, match="no argument called “extra”"):
        settled([fixed], {"extra": "1"}, by)
    with pytest.raises(ToolFailed, match="“day” is missing"):
        settled([Parameter(name="day")], {}, by)


def test_a_builder_may_fill_a_parameter_instead_of_the_model(agency: World, shop: ToolServer) -> None:
    config = {"parameters": [{"name": "number"}]}
    http_tool(agency, f"{shop.url}/orders/{{{{number}}}}", config=config, fills={".number": "{{order_number}}"})
    (number,) = queries.specs(agency.bright_dental.pk, ["order"])[0][0].parameters
    assert (number.source, number.value) == ("variable", "order_number")


# ── mocks and failures ───────────────────────────────────────────────────────────────────────────


def test_a_mock_reaches_nothing(agency: World, shop: ToolServer) -> None:
    http_tool(agency, f"{shop.url}/orders/7", mocks={"": {"ok": True, "text": "Shipped", "variables": {"state": "s"}}})
    mocks = queries.mocks(agency.bright_dental.pk)
    outcome = use(UseTool(tool="order", key="1"), caller(agency, call_id=uuid.uuid4()), mocks)
    assert (outcome.ok, outcome.text, outcome.mocked, shop.asked) == (True, "Shipped", True, [])
    assert not ToolUse.objects.exists()


def test_whatever_breaks_inside_is_an_outcome(
    agency: World, shop: ToolServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    http_tool(agency, f"{shop.url}/orders/7")

    def broken(*_: Any) -> ToolOutcome:
        raise RuntimeError("the caller said +14155550123")

    monkeypatch.setattr("agents.tools.kinds.http.Http.run", broken)
    outcome = ask(agency, "order", by=caller(agency, call_id=uuid.uuid4()))
    assert (outcome.ok, "inside VoiceOps" in outcome.text) == (False, True)
    assert "+14155550123" not in caplog.text


def test_settings_of_an_older_release_fail_in_words(agency: World, shop: ToolServer) -> None:
    tool = http_tool(agency, f"{shop.url}/orders/7")
    tool.config = {**tool.config, "gone": 1}
    tool.save()
    assert "Open it and save it again" in ask(agency, "order").text
    assert queries.specs(agency.bright_dental.pk, ["order"])[1] == ["order"]


# ── once ─────────────────────────────────────────────────────────────────────────────────────────


def test_asked_again_under_its_key_it_gives_the_same_and_does_nothing(agency: World, shop: ToolServer) -> None:
    tool = http_tool(agency, f"{shop.url}/echo", config={"method": "POST"})
    by = caller(agency, call_id=uuid.uuid4())
    first, second = ask(agency, "order", by=by), ask(agency, "order", by=by)
    assert first.text == second.text
    assert len(shop.asked) == 1
    ask(agency, "order", key="2", by=by)
    ask(agency, "order", by=caller(agency, call_id=uuid.uuid4()))
    assert len(shop.asked) == 3
    tool.refresh_from_db()
    assert (tool.used, tool.failed) == (3, 0)
    assert UsageRecord.objects.filter(kind="tool_uses", vendor="http").count() == 3


def test_failures_are_counted_and_the_last_is_kept(agency: World, shop: ToolServer) -> None:
    tool = http_tool(agency, f"{shop.url}/broken")
    ask(agency, "order", by=caller(agency, call_id=uuid.uuid4()))
    tool.refresh_from_db()
    assert (tool.used, tool.failed) == (1, 1)
    assert "(500)" in tool.last_error


def interrupted(agency: World, tool: str) -> Caller:
    """A call whose host went down in the midst of a use."""
    by, now = caller(agency, call_id=uuid.uuid4()), timezone.now()
    assert by.call_id is not None
    ToolUse.objects.create(
        call_id=by.call_id, key="1", tool=tool, started_at=now - timedelta(minutes=1), until=now - timedelta(seconds=1)
    )
    return by


def test_what_may_have_happened_is_not_done_again_unless_it_is_safe(agency: World, shop: ToolServer) -> None:
    http_tool(agency, f"{shop.url}/echo", name="book", config={"method": "POST"})
    outcome = ask(agency, "book", by=interrupted(agency, "book"))
    assert (outcome.ok, outcome.text, shop.asked) == (False, remembering.UNKNOWN, [])
    http_tool(agency, f"{shop.url}/orders/7")
    assert ask(agency, "order", by=interrupted(agency, "order")).ok


def test_outcomes_are_sealed_and_forgotten_after_a_day(agency: World, shop: ToolServer) -> None:
    http_tool(agency, f"{shop.url}/orders/7")
    by = caller(agency, call_id=uuid.uuid4())
    ask(agency, "order", by=by)
    assert "shipped" not in str(ToolUse.objects.values_list("outcome", flat=True)[0])
    ToolUse.objects.update(started_at=timezone.now() - timedelta(days=2))
    ask(agency, "order", by=caller(agency, call_id=uuid.uuid4()))
    assert remembering.forget() == 1
    assert not ToolUse.objects.filter(call_id=by.call_id).exists()


# ── keeping ──────────────────────────────────────────────────────────────────────────────────────


def refused(agency: World, **more: Any) -> list[tuple[str, str]]:
    draft = {
        "kind": "http",
        "name": "order",
        "label": "",
        "failure": FAILURE,
        "config": {"url": "https://example.com/"},
    }
    with pytest.raises(SettingsRefused) as wrong:
        actions.create(agency.alice, ToolDraft(**(draft | more)))
    return wrong.value.problems


def test_no_tool_without_words_for_its_failure(agency: World) -> None:
    assert refused(agency, failure="  ")[0][0] == "failure"


def test_all_that_is_wrong_is_said_at_once(agency: World) -> None:
    problems = dict(refused(agency, name="Order!", failure="", config={"url": "https://{{host}}/", "retries": 9}))
    assert set(problems) == {"name", "failure", "config.url", "config.retries"}


@pytest.mark.parametrize("name", ["end_call", "order"])
def test_a_name_is_taken_once(agency: World, name: str) -> None:
    http_tool(agency, "https://example.com/", client_id=None)
    assert refused(agency, name=name)[0][0] == "name"


def test_a_key_is_not_sent_to_a_host_it_was_not_given_for(agency: World) -> None:
    config = {"url": "https://api.example.com/a", "auth": "bearer"}
    tool = actions.create(
        agency.alice, ToolDraft("http", "order", "", FAILURE, config=config, secrets={"secret": "s3cret-key"})
    )

    def changed(url: str, **secrets: str) -> Tool:
        draft = ToolDraft("http", "order", "", FAILURE, config={**config, "url": url}, secrets=secrets)
        return actions.update(agency.bob, tool, draft)

    assert changed("https://api.example.com/b").secrets == {"secret": "s3cret-key"}
    with pytest.raises(InvalidInput, match="another server"):
        changed("https://evil.example.com/a")
    for elsewhere in ("http://api.example.com/a", "https://api.example.com:8443/a"):
        with pytest.raises(InvalidInput, match="another server"):
            changed(elsewhere)
    assert changed("https://evil.example.com/a", secret="other-key").secrets == {"secret": "other-key"}
    assert "s3cret" not in str(list(AuditEvent.objects.values()))


def test_an_archived_tool_is_gone_and_its_name_free(agency: World, shop: ToolServer) -> None:
    tool = http_tool(agency, f"{shop.url}/orders/7")
    actions.archive(agency.alice, tool)
    assert not ask(agency, "order").ok
    http_tool(agency, f"{shop.url}/orders/8")
    assert ask(agency, "order").ok


def test_two_who_ask_at_once_get_one_outcome(committed: Any, settings: Any) -> None:
    """The second waits for the first, on another connection, as another worker's request would."""
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    with ToolServer() as shop:
        with schema_context("alice"):
            from tests.world import load_world

            agency = load_world()
            config = {"method": "POST", "mapping": [{"name": "booked", "path": "booked"}]}
            http_tool(agency, f"{shop.url}/held", config=config, seconds=20)
            by = caller(agency, call_id=uuid.uuid4())
        started = threading.Barrier(2)

        def one() -> ToolOutcome:
            try:
                with schema_context("alice"):
                    started.wait(10)
                    return ask(agency, "order", by=by)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(one) for _ in range(2)]
            assert shop.began.wait(10)
            shop.held.set()
            outcomes = [done.result(30) for done in asked]
    assert [outcome.variables for outcome in outcomes] == [{"booked": "A-7"}] * 2
    assert len(shop.asked) == 1
