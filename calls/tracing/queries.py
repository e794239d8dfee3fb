"""Where an agency's traces go, and how that went."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from calls.models import TraceDestination

Kind = TraceDestination.Kind

ABOUT = {
    Kind.OTLP: "Grafana Tempo, Jaeger, Honeycomb, Datadog: whatever takes OTLP over HTTP.",
    Kind.LANGFUSE: "Every call as a trace in your own Langfuse project, models as generations with their tokens.",
}


@dataclass(frozen=True)
class Card:
    """`state` is a word of the statuses `trace`; `row` is None where nothing is connected."""

    kind: str
    label: str
    about: str
    row: TraceDestination | None

    @property
    def host(self) -> str:
        return urlsplit(self.row.address).netloc if self.row else ""

    @property
    def state(self) -> str:
        if self.row is None:
            return "off"
        if self.row.last_error:
            return "failing"
        return "delivering" if self.row.delivered_at else "waiting"


def cards() -> list[Card]:
    rows = {row.kind: row for row in TraceDestination.objects.all()}
    return [Card(kind, Kind(kind).label, ABOUT[Kind(kind)], rows.get(kind)) for kind in Kind.values]


def card(kind: str) -> Card:
    """Raises KeyError for a kind there is not."""
    return {one.kind: one for one in cards()}[kind]
