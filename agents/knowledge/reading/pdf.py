"""PDF: text page by page; a line set larger than the rest, or named in the outline, is a heading."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from agents.knowledge.reading.blocks import MOST_PAGES, Reading, Unreadable, tidy

LOCKED = "This PDF is protected by a password. Save it without one and bring it again."
PICTURES = "This PDF holds pictures of pages and no text. Run text recognition (OCR) over it and bring it again."
_LARGER = 1.15
_LONGEST_HEADING = 120
_ENDS_A_SENTENCE = (".", ";", ",", ":", "?")


def read_pdf(data: bytes) -> Reading:
    if b"%PDF-" not in data[:1024]:
        raise Unreadable("This is no PDF, whatever its name says.")
    try:
        return _read(PdfReader(io.BytesIO(data), strict=False))
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, NotImplementedError, OSError):
        raise Unreadable("This PDF is damaged and cannot be read. Save it anew and bring it again.") from None


def _read(file: PdfReader) -> Reading:
    if file.is_encrypted and not file.decrypt(""):
        raise Unreadable(LOCKED)
    count = len(file.pages)
    if count > MOST_PAGES:
        raise Unreadable(f"It has {count:,} pages, at most {MOST_PAGES:,} can be read. Split it into smaller files.")
    reading = Reading(pages=count, title=tidy(str(metadata.title or "") if (metadata := file.metadata) else ""))
    outline = _outline(file)
    pages = [_lines(page) for page in file.pages]
    sizes = Counter[float]()
    for lines in pages:
        for text, size in lines:
            sizes[size] += len(text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = sorted({size for size in sizes if body and size > body * _LARGER}, reverse=True)[:3]
    repeated = _repeated(pages)
    for number, lines in enumerate(pages, 1):
        _page(reading, number, [line for line in lines if line[0] not in repeated], outline, larger)
    if not reading.blocks:
        raise Unreadable(PICTURES if count else "This PDF has no pages.")
    return reading


def _page(
    reading: Reading, number: int, lines: list[tuple[str, float]], outline: dict[str, int], larger: list[float]
) -> None:
    paragraph: list[str] = []

    def finish() -> None:
        reading.text(_joined(paragraph), page=number)
        paragraph.clear()

    for text, size in lines:
        named = outline.get(text.casefold())
        short = len(text) <= _LONGEST_HEADING and any(c.isalpha() for c in text)
        if short and (named or (size in larger and not text.endswith(_ENDS_A_SENTENCE[:2]))):
            finish()
            reading.heading(text, named or larger.index(size) + 1, page=number)
        elif not text:
            finish()
        else:
            paragraph.append(text)
    finish()


def _joined(lines: list[str]) -> str:
    """Lines as one text, a word that was parted at a line's end put together."""
    joined = ""
    for line in lines:
        if joined.endswith("-") and line[:1].islower():
            joined = joined[:-1] + line
        else:
            joined += f" {line}" if joined else line
    return joined


def _lines(page: Any) -> list[tuple[str, float]]:
    """Each line with the size it is set in, rounded."""
    found: dict[str, float] = {}

    def seen(text: str, _cm: Any, matrix: list[float], _font: Any, size: float) -> None:
        scale = abs(matrix[3]) or abs(matrix[0]) or 1.0
        for part in text.splitlines():
            if part := tidy(part):
                found.setdefault(part, round(abs(float(size or 0)) * scale * 2) / 2)

    text = page.extract_text(visitor_text=seen) or ""
    return [(line, found.get(line, 0.0)) for line in map(tidy, text.splitlines())]


def _repeated(pages: list[list[tuple[str, float]]]) -> set[str]:
    """Running heads and feet: the same first or last line on most pages."""
    if len(pages) < 4:
        return set()
    edges = Counter[str]()
    for lines in pages:
        texts = [text for text, _ in lines if text]
        edges.update(set(texts[:1] + texts[-1:]))
    return {text for text, times in edges.items() if times > len(pages) * 0.6}


def _outline(file: PdfReader) -> dict[str, int]:
    found: dict[str, int] = {}

    def walk(items: Any, level: int) -> None:
        for item in items:
            if isinstance(item, list):
                if level < 6:
                    walk(item, level + 1)
            elif len(found) < 5_000:
                found.setdefault(tidy(str(item.title)).casefold(), level)

    try:
        walk(file.outline, 1)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # a broken outline takes only the names of headings away
    return found
