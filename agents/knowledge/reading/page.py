"""Pages of the web: what a visitor came to read, without scripts, menus and what is hidden."""

from __future__ import annotations

import re
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import etree, html

from agents.knowledge.reading.blocks import LONGEST_TITLE, MOST_LINKS, Reading, Unreadable, row_of, tidy
from agents.knowledge.reading.plain import decoded

_DROPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "canvas",
        "audio",
        "video",
        "nav",
        "footer",
        "aside",
        "form",
        "button",
        "select",
        "dialog",
        "menu",
        "head",
    ]
)
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "pre",
        "blockquote",
        "address",
        "figure",
        "figcaption",
        "table",
        "tr",
        "td",
        "th",
        "hr",
        "details",
        "summary",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "body",
        "html",
        "fieldset",
    ]
)
_CHARSET = re.compile(rb"""charset\s*=\s*["']?([\w-]{2,40})""", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "menu", "dialog", "alertdialog"})
_MAIN_SHARE = 0.25
_DEEPEST = 200


def read_html(data: bytes, address: str = "") -> Reading:
    charset = _CHARSET.search(data[:4096])
    text = decoded(data, charset[1].decode("ascii", "replace") if charset else "")
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    if not text.strip():
        raise Unreadable("The page is empty.")
    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = html.document_fromstring(text, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise Unreadable("This is no page that can be read.") from None
    reading = Reading(pages=1)
    title = root.find(".//title")
    reading.title = tidy(title.text_content() if title is not None else "")[:LONGEST_TITLE]
    reading.links = _links(root, address)
    _Walk(reading).element(_main(root), 0)
    return reading


def _main(root: html.HtmlElement) -> html.HtmlElement:
    """The part that says it is the page's own, when it holds a fair share of the words."""
    body = root.find("body")
    body = root if body is None else body
    for path in (".//main", ".//*[@role='main']", ".//article"):
        found = body.findall(path)
        if len(found) == 1 and len(found[0].text_content()) >= _MAIN_SHARE * len(body.text_content()):
            return found[0]
    return body


def _links(root: html.HtmlElement, address: str) -> list[str]:
    """Whole addresses of pages, in order, each once."""
    base = root.find(".//base")
    start = urljoin(address, base.get("href") or "") if base is not None else address
    found: dict[str, None] = {}
    for anchor in root.iter("a"):
        if "nofollow" in (anchor.get("rel") or ""):
            continue
        try:
            link = urldefrag(urljoin(start, (anchor.get("href") or "").strip())).url
            if urlsplit(link).scheme in ("http", "https") and len(link) <= 2000:
                found[link] = None
        except ValueError:
            continue
        if len(found) >= MOST_LINKS:
            break
    return list(found)


class _Walk:
    """In the page's order; words between two blocks are one paragraph."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._words: list[str] = []

    def element(self, element: html.HtmlElement, depth: int) -> None:
        tag = element.tag if isinstance(element.tag, str) else ""
        if not tag or tag in _DROPPED or _is_hidden(element):
            return
        if depth > _DEEPEST:
            self._words.append(" ".join(element.itertext("p", "span", "td", "li", "div", "b", "a")))
            return
        if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self.finish()
            self._reading.heading(element.text_content(), int(tag[1]))
            return
        if tag == "table" and _is_data(element):
            self.finish()
            self._table(element)
            return
        block = tag in _BLOCKS
        if block:
            self.finish()
        if tag == "li":
            self._words.append("- ")
        if tag in ("br", "wbr"):
            self._words.append(" ")
        if tag == "img" and len(element.get("alt") or "") > 20:
            self._words.append(f" {element.get('alt')} ")
        self._words.append(element.text or "")
        for child in element:
            self.element(child, depth + 1)
            self._words.append(child.tail or "")
        if block:
            self.finish()

    def finish(self) -> None:
        text = tidy("".join(self._words))
        self._words.clear()
        if text and text != "-":
            self._reading.text(text)

    def _table(self, table: html.HtmlElement) -> None:
        headers: list[str] = []
        for row in table.iter("tr"):
            cells = [cell for cell in row if cell.tag in ("td", "th")]
            texts = [tidy(cell.text_content()) for cell in cells]
            if cells and not headers and all(cell.tag == "th" for cell in cells):
                headers = texts
            elif len(cells) == 2 and cells[0].tag == "th":
                self._reading.row(f"{texts[0]}: {texts[1]}")
            else:
                self._reading.row(row_of(headers, texts))


def _is_data(table: html.HtmlElement) -> bool:
    """A table of things, not one that lays a page out."""
    return table.find(".//table") is None and not any(
        cell.find(".//p/following-sibling::p") is not None or cell.find(".//h2") is not None
        for cell in table.iter("td")
    )


def _is_hidden(element: html.HtmlElement) -> bool:
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or element.get("role") in _ROLES
        or bool(_HIDDEN.search(element.get("style") or ""))
    )
