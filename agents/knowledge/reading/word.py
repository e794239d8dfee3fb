"""DOCX: paragraphs, headings by their styles, tables row by row. What it says it unpacks to is checked before."""

from __future__ import annotations

import io
import re
import zipfile

import docx
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from lxml import etree

from agents.knowledge.reading.blocks import LONGEST_TITLE, Reading, Unreadable, row_of, tidy

_OLD_OR_LOCKED = bytes.fromhex("d0cf11e0a1b11ae1")
MOST_PARTS = 5_000
MOST_UNPACKED = 200 * 1024 * 1024
MOST_OF_THE_TEXT = 60 * 1024 * 1024
_HEADING = re.compile(r"^(?:heading|title)\s*(\d)?$", re.IGNORECASE)
DAMAGED = "This Word file is damaged and cannot be read. Save it anew as .docx and bring it again."


def read_docx(data: bytes) -> Reading:
    if data.startswith(_OLD_OR_LOCKED):
        raise Unreadable(
            "This Word file is protected by a password, or of the old kind (.doc). Save it as .docx without a password."
        )
    _refuse_bombs(data)
    try:
        document = docx.Document(io.BytesIO(data))
        return _read(document)
    except (PackageNotFoundError, zipfile.BadZipFile, etree.LxmlError, KeyError, ValueError, AttributeError, OSError):
        raise Unreadable(DAMAGED) from None


def _refuse_bombs(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Unreadable(DAMAGED) from None
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("This Word file is protected by a password. Save it without one and bring it again.")
    unpacked = sum(part.file_size for part in parts)
    text = sum(part.file_size for part in parts if part.filename.lower().endswith((".xml", ".rels")))
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or text > MOST_OF_THE_TEXT:
        raise Unreadable("This Word file unpacks to far more than its size. It was not opened.")


def _read(document: Document) -> Reading:
    reading = Reading(title=tidy(document.core_properties.title or "")[:LONGEST_TITLE])
    levels: dict[str, int | None] = {}
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            _table(reading, item)
            continue
        style = item.style
        name = (style.name or "") if style is not None else ""
        if name not in levels:
            match = _HEADING.match(name)
            levels[name] = int(match[1] or 1) if match else None
        level = levels[name]
        if level is not None:
            reading.heading(item.text, level)
        else:
            reading.text(f"- {item.text}" if name.lower().startswith("list") and item.text.strip() else item.text)
    return reading


def _table(reading: Reading, table: Table) -> None:
    headers: list[str] = []
    for row in table.rows:
        cells: list[str] = []
        before = None
        for cell in row.cells:
            if cell._tc is not before:  # a merged cell comes once for each column
                cells.append(cell.text)
            before = cell._tc
        if not headers and len(table.rows) > 1:
            headers = cells
        else:
            reading.row(row_of(headers, cells))
