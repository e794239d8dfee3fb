"""Pages of a list are fetched: one after another, as their site allows it, and through the house's own guard.

What a site forbids in robots.txt is not read. A page that did not change is known by its hash and left as it is.
"""

from __future__ import annotations

import urllib.robotparser
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from django.core.cache import cache

from agents.knowledge.reading.blocks import MOST_BYTES, Kind, Unreadable
from voiceops.lib import outbound
from voiceops.lib.errors import AddressRefused, InvalidInput, RemoteRefused, RemoteUnreachable

PAGE_SECONDS = 20.0
ROBOTS_SECONDS = 8.0
MOST_OF_ROBOTS = 500_000
ROBOTS_KEPT = 600
AGENT = "VoiceOps"
MOST_FOLLOWED = 200
_KINDS: dict[str, Kind] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    "text/plain": "txt",
    "text/markdown": "txt",
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}
_ENDINGS: dict[str, Kind] = {".pdf": "pdf", ".docx": "docx", ".csv": "csv", ".txt": "txt"}
_NO_PAGES = (
    ".jpg", ".jpeg", ".png", ".gif", ".svg", ".webp", ".ico", ".css", ".js", ".zip", ".gz", ".mp3", ".mp4", ".avi", ".mov",
    ".woff", ".woff2", ".xml", ".json", ".exe", ".dmg", ".doc", ".xls", ".xlsx", ".ppt", ".pptx",
)  # fmt: skip


@dataclass(frozen=True)
class Page:
    url: str
    kind: Kind
    data: bytes


def addresses(text: str, most: int) -> list[str]:
    """The addresses of a list, one a line, each once. Raises InvalidInput, naming the line that is none."""
    found: dict[str, None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line:
            continue
        if "://" not in line:
            line = f"https://{line}"
        try:
            found[str(outbound.checked(line))[:2_000]] = None
        except (InvalidInput, AddressRefused) as error:
            raise InvalidInput(f"Line {number}: {error.sentence}", "urls") from None
    if not found:
        raise InvalidInput("Write the addresses of pages, one a line.", "urls")
    if len(found) > most:
        raise InvalidInput(f"At most {most} pages at once.", "urls")
    return list(found)


def fetch(url: str) -> Page:
    """Raises Unreadable for what will not do, RemoteUnreachable for what may do later."""
    try:
        if not _allowed(url):
            raise Unreadable("The site asks programs not to read this page (robots.txt).")
        answer = outbound.send(
            "GET",
            url,
            headers={"Accept": "text/html,application/pdf,text/plain,*/*;q=0.5", "User-Agent": f"{AGENT}/1.0"},
            within=PAGE_SECONDS,
            most=MOST_BYTES,
        )
    except (AddressRefused, InvalidInput, RemoteRefused) as error:
        raise Unreadable(error.sentence) from None
    if answer.status in (429, 502, 503, 504):
        raise RemoteUnreachable(f"The site is busy ({answer.status}).")
    if answer.status >= 400:
        what = "The page does not exist" if answer.status in (404, 410) else "The site refused the page"
        raise Unreadable(f"{what} ({answer.status}).")
    if answer.url != url and urlsplit(answer.url).netloc != urlsplit(url).netloc and not _allowed(answer.url):
        raise Unreadable("The site asks programs not to read the page it leads to (robots.txt).")
    return Page(answer.url, _kind(answer), answer.body)


def _kind(answer: outbound.Answer) -> Kind:
    if answer.kind in _KINDS:
        return _KINDS[answer.kind]
    path = urlsplit(answer.url).path.lower()
    ending = next((kind for end, kind in _ENDINGS.items() if path.endswith(end)), None)
    if ending is None and answer.kind in ("", "application/octet-stream") and b"<html" in answer.body[:2_000].lower():
        return "html"
    if ending is None:
        raise Unreadable(f"The address leads to no page that can be read ({answer.kind[:60] or 'of no known kind'}).")
    return ending


def _allowed(url: str) -> bool:
    """What the site's robots.txt says. A site without one allows everything; one that fails to answer is asked later."""
    parts = urlsplit(url)
    address = urlunsplit((parts.scheme, parts.netloc, "/robots.txt", "", ""))
    key = f"knowledge:robots:{address}"
    rules = cache.get(key)
    if rules is None:
        rules = _robots(address)
        cache.set(key, rules, ROBOTS_KEPT)
    parser = urllib.robotparser.RobotFileParser()
    parser.parse(rules.splitlines())
    return parser.can_fetch(AGENT, url)


def _robots(address: str) -> str:
    try:
        answer = outbound.send("GET", address, within=ROBOTS_SECONDS, most=MOST_OF_ROBOTS)
    except RemoteRefused:
        return ""
    if answer.status >= 500:
        raise RemoteUnreachable("The site does not say what programs may read (robots.txt).")
    if answer.status in (401, 403):
        return "User-agent: *\nDisallow: /"
    return answer.text if answer.status < 300 else ""


def followed(page: str, links: list[str], most: int) -> list[str]:
    """The links of a page that lead to pages of the same site, in the page's order."""
    site = urlsplit(page).netloc.lower()
    found: dict[str, None] = {}
    for link in links:
        parts = urlsplit(link)
        if parts.netloc.lower() == site and not parts.path.lower().endswith(_NO_PAGES) and link != page:
            found[link] = None
        if len(found) >= min(most, MOST_FOLLOWED):
            break
    return list(found)
