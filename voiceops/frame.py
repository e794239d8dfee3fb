"""The frame around every page of an agency: which places there are, for whom, and what the rail shows.

`PLACES` is the only list of places. One that is not built yet is not in it: a rail has no dead links.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from calls.models import Call
from tenants import access
from tenants.access import Permission
from tenants.clients.models import Client
from tenants.people.models import CLIENT_ROLES
from voiceops.lib.colour import DEFAULT_BRAND, Brand, brand

if TYPE_CHECKING:
    from collections.abc import Sequence

LIVE = (Call.Status.RINGING, Call.Status.IN_PROGRESS, Call.Status.TRANSFERRING)


@dataclass(frozen=True)
class Place:
    """`view` is the name of its first page; the place is current on every address below it. `key` follows `g`.

    `internal` places are not for a client's people, whatever they may do elsewhere.
    """

    word: str
    icon: str
    view: str
    permission: Permission
    key: str = ""
    internal: bool = False
    below_the_line: bool = False
    by_client: bool = False


PLACES = (
    Place("Home", icon="house", view="home", permission=Permission.VIEW_CALLS, key="h", by_client=True),
    Place("Calls", icon="phone", view="calls", permission=Permission.VIEW_CALLS, key="c", by_client=True),
    Place(
        "Agents", icon="bot", view="agents", permission=Permission.VIEW_AGENTS, key="a", internal=False, by_client=True
    ),
    Place(
        "Numbers",
        icon="hash",
        view="numbers",
        permission=Permission.VIEW_NUMBERS,
        key="n",
        internal=True,
        by_client=True,
    ),
    Place("Library", icon="library", view="library", permission=Permission.BUILD_AGENTS, key="l", internal=True),
    Place("Usage", icon="gauge", view="usage", permission=Permission.VIEW_USAGE, key="u", below_the_line=True),
    Place("Clients", icon="building-2", view="clients", permission=Permission.VIEW_INTERNALS, below_the_line=True),
    Place("People", icon="users", view="people", permission=Permission.VIEW_PEOPLE, key="p", below_the_line=True),
    Place(
        "Settings", icon="settings", view="settings", permission=Permission.MANAGE_AGENCY, key="s", below_the_line=True
    ),
)


@dataclass(frozen=True)
class Shown:
    """A place as the rail draws it."""

    place: Place
    url: str
    current: bool


class Frame:
    """Nothing is asked of the database until a template touches it: a fragment pays for nothing it does not show."""

    def __init__(self, request: HttpRequest, agency: Any | None) -> None:
        self.request = request
        self.agency = agency
        self.user: Any = getattr(request, "user", None)

    @cached_property
    def client_id(self) -> str:
        return self.request.GET.get("client", "")

    @cached_property
    def places(self) -> Sequence[Shown]:
        allowed = access.permissions_of(self.user)
        shown = []
        for place in PLACES:
            if place.permission not in allowed or (place.internal and self.is_client):
                continue
            try:
                url = reverse(place.view)
            except NoReverseMatch:
                continue
            path = self.request.path
            current = path == url or (place.view != "home" and path.startswith(url))
            kept = f"{url}?client={self.client_id}" if self.client_id and place.by_client else url
            shown.append(Shown(place, kept, current))
        return shown

    @property
    def above(self) -> Sequence[Shown]:
        return [shown for shown in self.places if not shown.place.below_the_line]

    @property
    def below(self) -> Sequence[Shown]:
        return [shown for shown in self.places if shown.place.below_the_line]

    @cached_property
    def clients(self) -> Sequence[Any]:
        """Those this person may see; the switcher is shown where there is a choice."""
        return list(
            access.visible(self.user, Client.objects.filter(archived_at=None)).only("id", "name", "brand_color")
        )

    @cached_property
    def client(self) -> Any | None:
        """The one client the page is about, where the address names one that the person may see."""
        return next((client for client in self.clients if str(client.id) == self.client_id), None)

    @cached_property
    def live_calls(self) -> int:
        calls = access.visible(self.user, Call.objects.filter(status__in=LIVE))
        if self.client is not None:
            calls = calls.filter(client=self.client)
        return calls.count()

    @cached_property
    def brand(self) -> Brand:
        """A client's people see their own colour where they have one, everybody else the agency's."""
        own = next((client.brand_color for client in self.clients if client.brand_color), "") if self.is_client else ""
        return brand(own or getattr(self.agency, "brand_color", "") or DEFAULT_BRAND)

    @property
    def layout(self) -> str:
        """The template that a page shown to both kinds of people extends."""
        return "portal.html" if self.is_client else "app.html"

    @property
    def is_client(self) -> bool:
        return getattr(self.user, "role", None) in CLIENT_ROLES
