"""Text and tables of plain characters, in whatever encoding they were saved."""

from __future__ import annotations

import codecs
import csv
import io
import re

from charset_normalizer import from_bytes

from agents.knowledge.reading.blocks import Reading, Unreadable, row_of, tidy

MOST_ROWS = 100_000
MOST_COLUMNS = 200
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MARKDOWN = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_UNDERLINE = re.compile(r"^(={3,}|-{3,})$")
_SAMPLE = 64 * 1024


def decoded(data: bytes, declared: str = "") -> str:
    """Raises Unreadable for what is no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\x00" in data[:_SAMPLE]:
        raise Unreadable("This is no text file. Save it as plain text, or bring it as PDF or DOCX.")
    for encoding in ("utf-8", declared):
        try:
            return data.decode(encoding) if encoding else _guessed(data)
        except (UnicodeDecodeError, LookupError):
            continue
    return _guessed(data)


def _guessed(data: bytes) -> str:
    best = from_bytes(data[:_SAMPLE], cp_exclusion=["utf_7"]).best()
    return data.decode(best.encoding if best else "cp1252", "replace")


def read_text(data: bytes) -> Reading:
    """Paragraphs are parted by empty lines; headings are those of Markdown."""
    reading = Reading()
    paragraph: list[str] = []

    def finish() -> None:
        reading.text(" ".join(paragraph))
        paragraph.clear()

    for line in decoded(data).splitlines():
        line = tidy(line)
        if heading := _MARKDOWN.match(line):
            finish()
            reading.heading(heading[2], len(heading[1]))
        elif _UNDERLINE.match(line) and len(paragraph) == 1:
            reading.heading(paragraph.pop(), 1 if line[0] == "=" else 2)
        elif not line:
            finish()
        elif line[:2] in ("- ", "* ", "• "):
            finish()
            paragraph.append(line)
        else:
            paragraph.append(line)
    finish()
    return reading


def read_csv(data: bytes) -> Reading:
    """Each row with the headers of its columns."""
    text = decoded(data)
    csv.field_size_limit(1_000_000)
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:_SAMPLE], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    reading = Reading()
    headers: list[str] | None = None
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), dialect)):
            if number > MOST_ROWS:
                raise Unreadable(f"The table has more than {MOST_ROWS:,} rows. Split it into smaller files.")
            if len(cells) > MOST_COLUMNS:
                raise Unreadable(f"The table has more than {MOST_COLUMNS} columns.")
            if not any(cell.strip() for cell in cells):
                continue
            if headers is None:
                headers = cells
                continue
            reading.row(row_of(headers, cells))
    except csv.Error:
        raise Unreadable("This is no table that can be read: its quotes or separators are broken.") from None
    if headers and not reading.blocks:
        reading.row("; ".join(tidy(cell) for cell in headers if tidy(cell)))
    return reading
