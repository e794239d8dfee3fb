"""Reading the audit log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from tenants.audit.actions import GENESIS, digest
from tenants.audit.models import AuditEvent
from tenants.people.models import Role


@dataclass(frozen=True)
class Break:
    """The first row that does not follow from the one before it."""

    seq: int
    why: str


@dataclass(frozen=True)
class Verdict:
    """`head` is `seq:hash` of the last row: note it elsewhere to notice later that the end was cut off."""

    events: int
    head: str
    broken: Break | None


def verify(expected_head: str = "") -> Verdict:
    """Walk the current schema's chain. With `expected_head` (`seq:hash`), also look for a missing end."""
    previous, count, head = GENESIS, 0, f"0:{GENESIS}"
    seen = expected_head == head
    for event in _in_order():
        count += 1
        broken = _broken(event, count, previous)
        if broken:
            return Verdict(count, head, broken)
        previous, head = event.hash, f"{event.seq}:{event.hash}"
        seen = seen or head == expected_head
    if expected_head and not seen:
        return Verdict(count, head, Break(count + 1, "the noted end of the log is missing"))
    return Verdict(count, head, None)


def _in_order() -> Iterator[AuditEvent]:
    return AuditEvent.objects.order_by("seq").iterator(chunk_size=1000)


def _broken(event: AuditEvent, due: int, previous: str) -> Break | None:
    if event.seq != due:
        return Break(due, f"number {due} is missing")
    if event.previous_hash != previous:
        return Break(event.seq, "it does not follow from the row before it")
    if event.hash != digest(event):
        return Break(event.seq, "its content was changed")
    return None


# ── the page ─────────────────────────────────────────────────────────────────────────────────────
PAGE = 50
_ROLES = {role.value: role.label for role in Role}


@dataclass(frozen=True)
class Filter:
    """What the address asks for. `before` is the cursor: events older than this number."""

    action: str = ""
    actor: str = ""
    search: str = ""
    before: int = 0

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Filter:
        cursor = query.get("cursor", "")
        return cls(
            action=query.get("action", "")[:60],
            actor=query.get("actor", "")[:200],
            search=query.get("q", "").strip()[:100],
            before=int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 19 else 0,
        )


@dataclass(frozen=True)
class Row:
    event: AuditEvent
    what: str
    details: str


@dataclass(frozen=True)
class Page:
    """`cursor` asks for the next page; empty at the end."""

    rows: list[Row]
    cursor: str


def page(rows: QuerySet[AuditEvent], wanted: Filter) -> Page:
    """The newest first."""
    if wanted.action:
        rows = rows.filter(action=wanted.action)
    if wanted.actor:
        rows = rows.filter(actor_label=wanted.actor)
    if wanted.search:
        rows = rows.filter(object_label__icontains=wanted.search)
    if wanted.before:
        rows = rows.filter(seq__lt=wanted.before)
    found = list(rows.order_by("-seq")[: PAGE + 1])
    cursor = str(found[PAGE - 1].seq) if len(found) > PAGE else ""
    return Page([Row(event, words(event.action), _details(event.data)) for event in found[:PAGE]], cursor)


def words(action: str) -> str:
    """`person.role_changed` as `Person: role changed`."""
    thing, _, done = action.partition(".")
    return f"{thing.replace('_', ' ').capitalize()}: {done.replace('_', ' ')}".replace("Api key", "API key")


def known_actions(rows: QuerySet[AuditEvent]) -> list[tuple[str, str]]:
    return [(action, words(action)) for action in rows.order_by("action").values_list("action", flat=True).distinct()]


def known_actors(rows: QuerySet[AuditEvent]) -> list[str]:
    return list(rows.order_by("actor_label").values_list("actor_label", flat=True).distinct())


def _details(data: Mapping[str, object]) -> str:
    return ", ".join(f"{key.replace('_', ' ')}: {_shown(value)}" for key, value in data.items())


def _shown(value: object) -> str:
    """Values as people know them: `client_viewer` is the client viewer."""
    if isinstance(value, list):
        return " and ".join(str(item) for item in value) or "none"
    text = "none" if value is None or value == "" else str(value)
    return _ROLES.get(text, text)
