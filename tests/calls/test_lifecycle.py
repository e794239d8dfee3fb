"""A call moves forwards, ends once, and always ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from calls import lifecycle, progress
from calls.aftercall import actions as aftercall
from calls.lifecycle import End, EndedReason
from calls.models import AfterCallJob, Call, CallEvent, CarrierAccount
from calls.reasons import MEANINGS, meaning
from calls.sweep import sweep
from calls.telephony.base import StatusChange
from tests.world import World

pytestmark = pytest.mark.db
S = Call.Status


def made(**fields: Any) -> Call:
    return Call.objects.create(**{"carrier": "twilio", "direction": "inbound", "status": S.RINGING} | fields)


def again(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def test_a_call_never_goes_back(agency: World) -> None:
    call = made()
    assert lifecycle.answered(call.pk)
    assert not lifecycle.moved(call.pk, S.RINGING)
    assert not lifecycle.answered(call.pk)
    assert again(call).status == S.IN_PROGRESS


def test_the_first_end_stands(agency: World) -> None:
    call = made()
    assert lifecycle.end(call.pk, End(EndedReason.AGENT_HANGUP, outcome="booked"))
    assert not lifecycle.end(call.pk, End(EndedReason.PLATFORM_ERROR))
    assert not lifecycle.moved(call.pk, S.IN_PROGRESS)
    over = again(call)
    assert (over.ended_reason, over.ended_by, over.outcome) == ("agent_hangup", "agent", "booked")
    assert sorted(AfterCallJob.objects.filter(call=call).values_list("kind", flat=True)) == sorted(aftercall.ALWAYS)


def test_a_bridge_that_lost_the_call_to_another_does_not_end_it(agency: World) -> None:
    call = made(status=S.IN_PROGRESS, media_leg=2)
    assert not lifecycle.end(call.pk, End(EndedReason.CARRIER_CONNECTION_LOST, leg=1))
    assert lifecycle.end(call.pk, End(EndedReason.AGENT_HANGUP, leg=2))


def test_every_reason_is_explained_and_fits_its_column(agency: World) -> None:
    assert set(MEANINGS) == set(EndedReason)
    assert len(EndedReason) <= 40
    for reason, said in MEANINGS.items():
        assert len(reason) <= 40
        assert said.label
        assert said.sentence.endswith(".")
        assert said.by in Call.EndedBy.values
        assert said.fault in Call.Fault.values
    assert meaning("something_new").label == "Something new"


def at_this_moment(fields: dict[str, Any]) -> dict[str, Any]:
    """Spans become moments when a test begins: the tests were collected long before."""
    now = timezone.now()
    return {name: now - value if isinstance(value, timedelta) else value for name, value in fields.items()}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": S.RINGING, "ringing_at": timedelta(minutes=5)}, "media_never_started"),
        ({"status": S.RINGING, "ringing_at": timedelta(minutes=5), "direction": "web"}, "caller_gave_up"),
        ({"status": S.IN_PROGRESS, "answered_at": timedelta(minutes=5)}, "media_never_started"),
        ({"status": S.IN_PROGRESS, "media_leg": 1, "bridge_seen_at": timedelta(minutes=1)}, "bridge_lost"),
        ({"status": S.TRANSFERRING, "media_leg": 1, "bridge_seen_at": timedelta(minutes=1)}, "transferred"),
    ],
)
def test_a_call_that_nobody_holds_is_ended(agency: World, fields: dict[str, Any], reason: str) -> None:
    call = made(**at_this_moment(fields))
    assert sweep() == 1
    assert again(call).ended_reason == reason


@pytest.mark.parametrize(
    "fields",
    [
        {"status": S.RINGING, "ringing_at": timedelta(seconds=30)},
        {
            "status": S.IN_PROGRESS,
            "media_leg": 1,
            "answered_at": timedelta(hours=1),
            "bridge_seen_at": timedelta(seconds=6),
        },
        {"status": S.RINGING, "direction": "outbound", "ringing_at": timedelta(seconds=30)},
    ],
)
def test_a_call_that_somebody_holds_is_left_alone(agency: World, fields: dict[str, Any]) -> None:
    call = made(**at_this_moment(fields))
    assert sweep() == 0
    assert again(call).status == fields["status"]


def test_a_dead_bridges_call_ends_with_what_the_carrier_said(agency: World) -> None:
    call = made(status=S.IN_PROGRESS, media_leg=1, bridge_seen_at=timezone.now() - timedelta(minutes=1))
    CallEvent.objects.create(
        call=call, source="carrier", seq=1, at_ms=0, kind="carrier_status", data={"status": "completed"}
    )
    sweep()
    assert again(call).ended_reason == "caller_hangup"


def account() -> CarrierAccount:
    return CarrierAccount.objects.create(carrier="twilio", label="Main", account_sid="AC1", auth_token="t")


def told(call: Call, status: str, sequence: int) -> StatusChange:
    return StatusChange(call.carrier_call_id, "AC1", status, sequence, f"{status}:{sequence}")


def test_while_a_bridge_lives_its_word_counts_and_not_the_carriers(agency: World) -> None:
    mine = account()
    call = made(account=mine, carrier_call_id="CA1", status=S.IN_PROGRESS, media_leg=1, bridge_seen_at=timezone.now())
    progress.carrier_said(mine, told(call, "completed", 3))
    assert again(call).status == S.IN_PROGRESS
    Call.objects.filter(pk=call.pk).update(bridge_seen_at=timezone.now() - timedelta(minutes=1))
    progress.carrier_said(mine, told(call, "completed", 4))
    assert again(call).ended_reason == "caller_hangup"


def test_another_accounts_callback_changes_nothing(agency: World) -> None:
    mine = account()
    other = CarrierAccount.objects.create(carrier="twilio", label="Other", account_sid="AC9", auth_token="t")
    call = made(account=mine, carrier_call_id="CA1")
    progress.carrier_said(other, told(call, "busy", 1))
    assert again(call).status == S.RINGING


def test_callbacks_in_any_order_end_in_the_same_place(agency: World) -> None:
    from itertools import permutations

    mine = account()
    for number, order in enumerate(permutations(["ringing", "answered", "no_answer"])):
        call = made(account=mine, carrier_call_id=f"CA{number}", direction="outbound", status=S.DIALING)
        for sequence, status in enumerate(order):
            progress.carrier_said(mine, told(call, status, sequence))
        assert again(call).ended_reason == "no_answer"
