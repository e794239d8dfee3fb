"""What needs somebody: sentences, each with one action. Nothing here is for client people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.urls import NoReverseMatch, reverse

from agents.models import Agent, ProviderAccount, ProviderKey
from calls.models import AfterCallJob, Call, PhoneNumber, Recording, TraceDestination
from calls.queries.home import day_start
from tenants import access
from tenants.access import Permission
from tenants.people.models import User
from voiceops.lib.format import phone

RECENT = timedelta(days=7)
NAMED = 3


@dataclass(frozen=True)
class Notice:
    tone: str
    text: str
    action: str
    url: str
    icon: str


@dataclass(frozen=True)
class Viewer:
    """Who looks, at which client's things (None: all), and in which country numbers are read."""

    person: User
    client: UUID | None
    country: str
    now: datetime

    def of_client(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows if self.client is None else rows.filter(client=self.client)


def notices(viewer: Viewer) -> list[Notice]:
    """Worst first."""
    found = [notice for query in QUERIES for notice in query(viewer)]
    return sorted(found, key=lambda notice: {"bad": 0, "warn": 1}.get(notice.tone, 2))


def _faults(viewer: Viewer) -> list[Notice]:
    calls = viewer.of_client(access.visible(viewer.person, Call.objects.all()))
    today = calls.filter(created_at__gte=day_start(viewer.now), test=False)
    counts = today.aggregate(
        provider=Count("pk", filter=Q(fault=Call.Fault.PROVIDER)),
        platform=Count("pk", filter=Q(fault=Call.Fault.PLATFORM)),
        carrier=Count("pk", filter=Q(fault=Call.Fault.CARRIER)),
    )
    words = {
        "provider": "a model vendor failed",
        "platform": "VoiceOps itself failed",
        "carrier": "the carrier failed",
    }
    return [
        Notice(
            "bad",
            f"{_calls(count)} today went wrong because {words[whose]}.",
            "Look",
            _list(viewer, whose),
            icon="circle-alert",
        )
        for whose, count in counts.items()
        if count
    ]


def _recordings(viewer: Viewer) -> list[Notice]:
    recordings = access.visible(viewer.person, Recording.objects.filter(status=Recording.Status.FAILED))
    if viewer.client is not None:
        recordings = recordings.filter(call__client=viewer.client)
    count = recordings.filter(created_at__gte=viewer.now - RECENT).count()
    if not count:
        return []
    which = "The recording of 1 call" if count == 1 else f"The recordings of {count} calls"
    text = f"{which} in the last 7 days could not be prepared. The audio is kept until it can."
    return [Notice("bad", text, "Look", _list(viewer, "recording", "week"), icon="audio-lines")]


def _jobs(viewer: Viewer) -> list[Notice]:
    kinds = (AfterCallJob.Kind.MEASURE, AfterCallJob.Kind.RECORD_USAGE)
    given_up = AfterCallJob.objects.filter(failed_at__gte=viewer.now - RECENT, kind__in=kinds)
    call = given_up.order_by("-failed_at").values_list("call_id", flat=True).first()
    if call is None or not access.may(viewer.person, Permission.CONTROL_CALLS):
        return []
    text = "Figures or usage of some calls could not be worked out."
    return [Notice("warn", text, "Look", reverse("call", args=[call]) + "?tab=events", icon="gauge")]


def _numbers(viewer: Viewer) -> list[Notice]:
    numbers = viewer.of_client(access.visible(viewer.person, PhoneNumber.objects.all()))
    deaf = numbers.filter(Q(agent=None) | Q(agent__published=None) | Q(agent__archived_at__isnull=False))
    shown = list(deaf.select_related("agent").order_by("number")[: NAMED + 1])
    if len(shown) > NAMED:
        text = f"{deaf.count()} numbers have no agent that answers: callers hear that they are not in service."
        return [Notice("bad", text, "Connect them", _place("numbers"), icon="hash")]
    return [
        Notice("bad", _deaf(number, viewer.country), "Connect it", _place("numbers", number.pk), icon="hash")
        for number in shown
    ]


def _deaf(number: PhoneNumber, country: str) -> str:
    shown = phone(number.number, country)
    if number.agent is None:
        return f"{shown} has no agent: callers hear that it is not in service."
    return (
        f"{shown} is connected to {number.agent.name}, which is not published: callers hear that it is not in service."
    )


def _agents(viewer: Viewer) -> list[Notice]:
    agents = viewer.of_client(access.visible(viewer.person, Agent.objects.filter(archived_at=None, published=None)))
    if not access.may(viewer.person, Permission.BUILD_AGENTS):
        return []
    shown = list(agents.order_by("name").only("id", "name")[: NAMED + 1])
    if len(shown) > NAMED:
        return [
            Notice(
                "warn",
                f"{agents.count()} agents are drafts: no calls reach them.",
                "Look",
                _place("agents"),
                icon="bot",
            )
        ]
    return [
        Notice(
            "warn", f"{agent.name} is a draft: no calls reach it.", "Publish it", _place("agent", agent.pk), icon="bot"
        )
        for agent in shown
    ]


def _accounts(viewer: Viewer) -> list[Notice]:
    accounts = access.visible(viewer.person, ProviderAccount.objects.filter(archived_at=None)).exclude(last_error="")
    return [
        Notice("bad", f"{account.label} does not work: {account.last_error}", "Mend it", _provider(account.pk), "cpu")
        for account in accounts.only("label", "last_error")[:NAMED]
    ]


def _keys(viewer: Viewer) -> list[Notice]:
    """Keys that a vendor refused, and those that failed their last test."""
    keys = access.visible(viewer.person, ProviderKey.objects.filter(account__archived_at=None))
    bad = keys.exclude(last_error="").select_related("account").defer("secret").order_by("account__label", "alias")
    return [
        Notice(
            "bad",
            f"{key.account.label}: the key “{key.alias}” {'is set aside' if key.refused_at else 'fails'}. {key.last_error}",
            "Mend it",
            _provider(key.account_id),
            icon="cpu",
        )
        for key in bad[:NAMED]
    ]


def _traces(viewer: Viewer) -> list[Notice]:
    failing = access.visible(viewer.person, TraceDestination.objects.exclude(last_error="")).defer("secret")
    return [
        Notice(
            "warn",
            f"Traces do not reach {row}: {row.last_error}",
            "Mend it",
            reverse("trace_destination", args=[row.kind]),
            icon="chart-gantt",
        )
        for row in failing.order_by("kind")
    ]


def _provider(account: UUID) -> str:
    return reverse("provider", args=[account])


QUERIES: tuple[Callable[[Viewer], list[Notice]], ...] = (
    _faults,
    _recordings,
    _jobs,
    _numbers,
    _agents,
    _accounts,
    _keys,
    _traces,
)


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"


def _list(viewer: Viewer, problem: str, when: str = "today") -> str:
    client = f"&client={viewer.client}" if viewer.client else ""
    return f"{reverse('calls')}?problem={problem}&when={when}{client}"


def _place(view: str, key: UUID | None = None) -> str:
    """The page of the thing, or the nearest list that exists."""
    for name, args in ((view.removesuffix("s"), [key] if key else []), (view, []), ("home", [])):
        try:
            return reverse(name, args=args)
        except NoReverseMatch:
            continue
    return "/"
