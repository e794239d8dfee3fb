"""Takes a picture of every page: each kind of person, empty and full, light and dark, wide and narrow.

Besides the pictures it reports what a machine can see: scripts that failed, answers that failed, pages that are wider
than the window.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Error, Response
from playwright.sync_api import Page as Tab

from tests.browser.pages import Page

SIZES = {"1440": (1440, 900), "390": (390, 844)}
THEMES = ("light", "dark")
WAIT_MS = 20_000
FREEZE = """
document.documentElement.classList.add('still');
for (const time of document.querySelectorAll('time[data-since]')) time.removeAttribute('data-since');
"""


@dataclass(frozen=True)
class Person:
    """`role` "nobody" has neither address nor password."""

    role: str
    email: str = ""
    password: str = ""


@dataclass
class Studio:
    """`address` of the agency, `state` "full" or "empty": the folder the pictures go to."""

    browser: Browser
    address: str
    platform: str
    state: str
    out: Path
    say: Callable[[str], None]
    problems: list[str] = field(default_factory=list)
    taken: list[Path] = field(default_factory=list)

    def shoot(self, person: Person, pages: Iterable[Page]) -> None:
        wanted = list(pages)
        if not wanted:
            return
        storage = None
        if person.role != "nobody":
            context = self.browser.new_context()
            try:
                self._sign_in(context.new_page(), person)
            except Error as error:
                self._problem(f"{self.state}/{person.role}", f"cannot sign in: {error.message.splitlines()[0]}")
                return
            storage = context.storage_state()
            context.close()
        for size, (width, height) in SIZES.items():
            for theme in THEMES:
                context = self.browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=theme,  # type: ignore[arg-type]
                    reduced_motion="reduce",
                    storage_state=storage,
                    has_touch=width < 500,
                )
                for page in wanted:
                    self._one(context, person, page, f"{page.name}--{person.role}--{theme}--{size}")
                context.close()

    def _sign_in(self, tab: Tab, person: Person) -> None:
        tab.goto(f"{self.address}/accounts/login/?next=/account/")
        tab.fill("input[name=login]", person.email)
        tab.fill("input[name=password]", person.password)
        tab.press("input[name=password]", "Enter")
        tab.wait_for_url(lambda url: "/accounts/login" not in url, timeout=WAIT_MS, wait_until="commit")

    def _one(self, context: BrowserContext, person: Person, page: Page, name: str) -> None:
        tab = context.new_page()
        where = f"{self.state}/{name}"
        tab.on("pageerror", lambda error: self._problem(where, f"script error: {error.message}"))
        tab.on("console", lambda message: self._problem(where, message.text) if message.type == "error" else None)
        tab.on("response", lambda response: self._answered(where, page, response))
        try:
            self._go(tab, page)
            tab.evaluate("document.fonts.ready")
            tab.evaluate(FREEZE)
            tab.evaluate("window.scrollTo(0, 0)")
            tab.wait_for_timeout(150)
            wide = int(tab.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
            if wide > 0:
                self._problem(where, f"the page is {wide} px wider than the window")
            target = self.out / self.state / f"{name}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            tab.screenshot(path=target, full_page=not page.do)
            self.taken.append(target)
        except Error as error:
            self._problem(where, error.message.splitlines()[0])
        finally:
            tab.close()

    def _go(self, tab: Tab, page: Page) -> None:
        base = self.platform if page.platform else self.address
        tab.goto(base + (page.path or page.through), timeout=WAIT_MS)
        if page.path is None:
            for selector in page.clicks:
                tab.locator(selector).first.click(timeout=WAIT_MS)
                tab.wait_for_load_state()
        tab.locator(page.ready).first.wait_for(timeout=WAIT_MS)
        if page.do:
            tab.locator(page.do).dispatch_event("click")
            tab.wait_for_timeout(200)

    def _answered(self, where: str, page: Page, response: Response) -> None:
        expected = page.name == "not-found" and response.status == 404
        if response.status >= 400 and not expected:
            self._problem(where, f"{response.status} for {response.url}")

    def _problem(self, where: str, text: str) -> None:
        if "not-found" in where and "404" in text:
            return
        line = f"{where}: {text}"
        if line not in self.problems:
            self.problems.append(line)
            self.say(line)


def contact_sheet(out: Path, taken: list[Path], problems: list[str]) -> Path:
    """All pictures on one page, to look at side by side."""
    figures = "".join(
        f'<figure><a href="{path.relative_to(out)}"><img loading="lazy" src="{path.relative_to(out)}"></a>'
        f"<figcaption>{html.escape(str(path.relative_to(out).with_suffix('')))}</figcaption></figure>"
        for path in sorted(taken)
    )
    wrong = "".join(f"<li>{html.escape(line)}</li>" for line in problems)
    page = out / "index.html"
    page.write_text(
        "<!doctype html><meta charset=utf-8><title>Screenshots</title><style>body{font:14px sans-serif}"
        "main{display:grid;grid-template-columns:repeat(auto-fill,minmax(340px,1fr));gap:16px}img{width:100%;"
        "border:1px solid #ccc}figure{margin:0}</style>"
        f"<ul>{wrong}</ul><main>{figures}</main>"
    )
    return page
