"""Every page there is. Whoever adds a page adds a line; `make screenshots` and the browser tests open them all.

`path` is where it is, or None when it is reached by a click: then `through` is the page it is reached from and `click`
the selector of what is clicked there (for example the first row of a list). `ready` is what must be visible first.
"""

from __future__ import annotations

from dataclasses import dataclass

AGENCY = ("owner", "analyst")
CLIENT = ("client_viewer",)
EVERYONE = (*AGENCY, *CLIENT)
NOBODY = ("nobody",)


@dataclass(frozen=True)
class Page:
    """`people` are roles of the demo agency, "nobody" is a stranger. `empty`: also in an agency where nothing is yet.

    `do` is clicked once the page is there, to show what it opens. `platform`: on the platform's own host.
    """

    name: str
    path: str | None = None
    people: tuple[str, ...] = ("owner",)
    through: str = ""
    click: str = ""
    ready: str = "main"
    do: str = ""
    empty: bool = False
    platform: bool = False


PAGES = (
    Page("sign-in", "/accounts/login/", people=NOBODY),
    Page("not-found", "/no-such-page/", people=("nobody", "owner")),
    Page("home", "/", people=EVERYONE, empty=True),
    Page("calls", "/calls/", people=EVERYONE, empty=True),
    Page("calls-nothing-found", "/calls/?q=zzzz"),
    Page("call", through="/calls/", click=".row-link", people=EVERYONE),
    Page("agents", "/agents/", people=AGENCY, empty=True),
    Page("agent", through="/agents/", click=".row-link", people=AGENCY),
    Page("numbers", "/numbers/", people=AGENCY, empty=True),
    Page("people", "/people/", people=AGENCY, empty=True),
    Page("invite", "/people/invite/"),
    Page("person", through="/people/", click=".row-link"),
    Page("clients", "/clients/", people=AGENCY, empty=True),
    Page("new-client", "/clients/new/"),
    Page("client", through="/clients/", click=".row-link"),
    Page("profile", "/account/", people=("owner", "client_viewer")),
    Page("api-keys", "/account/keys/"),
    Page("usage", "/usage/", people=AGENCY, empty=True),
    Page("settings", "/settings/"),
    Page("audit-log", "/settings/audit/", people=("owner",), empty=True),
    Page("api-docs", "/api/docs/"),
    Page("shortcuts", "/people/", do="[data-dialog-open=keys] >> nth=0"),
    Page("sign-up", "/", people=NOBODY, platform=True),
    Page("password-forgotten", "/accounts/password/reset/", people=NOBODY),
)
