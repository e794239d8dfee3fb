"""Every page there is. Whoever adds a page adds a line; `make screenshots` and the browser tests open them all.

`path` is where it is, or None when it is reached by clicks: then `through` is the page it is reached from and `clicks`
the selectors of what is clicked on the way (for example the first row of a list). `ready` is what must be visible first.
"""

from __future__ import annotations

from dataclasses import dataclass

AGENCY = ("owner", "analyst")
CLIENT = ("client_viewer",)
EVERYONE = (*AGENCY, *CLIENT)
NOBODY = ("nobody",)
ROW = ".row-link"
CANVAS = ".flow-switch a >> text=Canvas"


@dataclass(frozen=True)
class Page:
    """`people` are roles of the demo agency, "nobody" is a stranger. `empty`: also in an agency where nothing is yet.

    `do` is clicked once the page is there, to show what it opens. `platform`: on the platform's own host.
    """

    name: str
    path: str | None = None
    people: tuple[str, ...] = ("owner",)
    through: str = ""
    clicks: tuple[str, ...] = ()
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
    Page("call", through="/calls/", clicks=(ROW,), people=EVERYONE),
    Page("agents", "/agents/", people=AGENCY, empty=True),
    Page("agent", through="/agents/", clicks=(ROW,), people=AGENCY),
    Page("agent-canvas", through="/agents/", clicks=(ROW, CANVAS), ready=".react-flow__node", people=AGENCY),
    Page(
        "agent-canvas-step",
        through="/agents/",
        clicks=(ROW, CANVAS),
        ready=".react-flow__node",
        do=".react-flow__node >> nth=1",
    ),
    Page("agent-change", through="/agents/", clicks=(ROW,), do="text=Change it", ready="main"),
    Page("agent-new-templates", "/agents/new/?template=clinic", ready=".template-outline"),
    Page("agent-try", through="/agents/", clicks=(ROW, "[data-try-begin]"), ready=".try-turn .line.agent"),
    Page("agent-try-settings", through="/agents/", clicks=(ROW,), do="[data-try-settings]"),
    Page(
        "agent-talk",
        through="/agents/",
        clicks=(ROW, "[data-try-tab=voice]", "[data-talk-start]"),
        ready="[data-talk-lines] .line:not(.speaking)",
    ),
    Page("agent-tests", through="/agents/", clicks=(ROW, ".tabs a >> text=Tests")),
    Page("new-agent-test", through="/agents/", clicks=(ROW, ".tabs a >> text=Tests", "main a[href$='/tests/new/']")),
    Page("agent-voice", through="/agents/", clicks=(ROW, ".tabs a >> text=Voice")),
    Page("agent-behaviour", through="/agents/", clicks=(ROW, ".tabs a >> text=Behaviour")),
    Page("agent-clips", through="/agents/", clicks=(ROW, ".tabs a >> text=Clips")),
    Page("new-clip", through="/agents/", clicks=(ROW, ".tabs a >> text=Clips"), do="text=Add a clip"),
    Page("agent-tools", through="/agents/", clicks=(ROW, ".tabs a >> text=Tools")),
    Page("tools", "/library/tools/", empty=True),
    Page("tool-kinds", "/library/tools/new/"),
    Page("tool-new", "/library/tools/new/http/"),
    Page("tool-new-sms", "/library/tools/new/sms/"),
    Page("tool", through="/library/tools/", clicks=(ROW,)),
    Page("tool-tried", through="/library/tools/", clicks=(ROW,), do=".tool-try .btn >> text=Try it"),
    Page("templates", "/library/templates/", empty=True),
    Page("template-choose", "/library/templates/", do=".topbar .end a.btn"),
    Page("template", through="/library/templates/", clicks=(ROW,)),
    Page("template-use", through="/library/templates/", clicks=(ROW, ".topbar .end a.btn")),
    Page("template-version", through="/library/templates/", clicks=(ROW, ".row-link >> text=Version 2")),
    Page(
        "template-publish",
        through="/library/templates/",
        clicks=(ROW, "[aria-label=More]", "text=Publish the next version"),
    ),
    Page("template-clash", through="/library/templates/", clicks=(ROW, ".row-link >> text=Tire desk")),
    Page("template-offer", through="/library/templates/", clicks=(ROW, ".row-link >> text=Night desk")),
    Page("template-make", through="/agents/", clicks=(ROW, "[aria-label=More]", "text=Make a template of it")),
    Page("agent-template", through="/agents/", clicks=(".row-link >> text=Tire desk", ".tabs a >> text=Template")),
    Page("import-agent", "/agents/", clicks=("[aria-label=More]",), do="text=Import from a file"),
    Page("import-agent", "/agents/import/"),
    Page("agent-versions", through="/agents/", clicks=(ROW, ".tabs a >> text=Versions")),
    Page("compare", through="/agents/", clicks=(ROW, ".tabs a >> text=Versions", "main a >> text=Compare")),
    Page("agent-results", through="/agents/", clicks=(ROW, ".tabs a >> text=Versions", "text=Results by version")),
    Page("new-agent", "/agents/new/"),
    Page("agents-of-a-client", "/agents/", people=CLIENT),
    Page("agent-of-a-client", through="/agents/", clicks=(ROW,), people=CLIENT),
    Page("new-agent", "/agents/", do="text=New agent"),
    Page("agent-topic", through="/agents/", clicks=(ROW,), do=".topic > summary >> nth=1"),
    Page("agent-step", through="/agents/", clicks=(ROW,), do=".step > summary >> nth=1"),
    Page("knowledge", "/library/knowledge/", people=AGENCY, empty=True),
    Page("new-knowledge", "/library/knowledge/", do="text=New knowledge base"),
    Page("knowledge-base", through="/library/knowledge/", clicks=(ROW,), people=AGENCY),
    Page(
        "knowledge-asked",
        through="/library/knowledge/",
        clicks=(ROW, ".ask-form .chip"),
        ready=".asked .hit",
    ),
    Page("add-pages", through="/library/knowledge/", clicks=(ROW,), do="text=Add pages"),
    Page("knowledge-settings", through="/library/knowledge/", clicks=(ROW, ".topbar .end a.btn")),
    Page("numbers", "/numbers/", people=AGENCY, empty=True),
    Page("new-number", "/numbers/", do="text=Add a number"),
    Page("number", through="/numbers/", clicks=(ROW,)),
    Page("vendors", "/settings/providers/new/"),
    Page("vendors-nothing-found", "/settings/providers/new/?q=zzzz"),
    Page("carriers", "/settings/carriers/", empty=True),
    Page("carrier", through="/settings/carriers/", clicks=(ROW,)),
    Page("traces", "/settings/traces/"),
    Page("trace-destination", "/settings/traces/langfuse/"),
    Page("publish", through="/agents/", clicks=(ROW,), do=".topbar .end a.btn.primary"),
    Page("call-me", through="/agents/", clicks=(ROW, "[data-try-tab=voice]"), do="#talk .btn.wide"),
    Page("new-number", "/numbers/new/"),
    Page("number", through="/numbers/", clicks=(ROW,)),
    Page("providers", "/settings/providers/", empty=True),
    Page("new-provider", "/settings/providers/new/openai/"),
    Page("carriers", "/settings/carriers/", empty=True),
    Page("new-carrier", "/settings/carriers/new/"),
    Page("people", "/people/", people=AGENCY, empty=True),
    Page("invite", "/people/invite/"),
    Page("person", through="/people/", clicks=(ROW,)),
    Page("clients", "/clients/", people=AGENCY, empty=True),
    Page("new-client", "/clients/new/"),
    Page("client", through="/clients/", clicks=(ROW,)),
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
