"""Files become text in a process of their own; hostile ones become a sentence."""

from __future__ import annotations

import io
import sys
import zipfile

import pytest

from agents.knowledge.reading import asking
from agents.knowledge.reading.asking import read_file
from agents.knowledge.reading.blocks import Kind, Reading, Unreadable
from tests.agents.knowledge import files

pytestmark = pytest.mark.unit


def headings(reading: Reading) -> list[tuple[int, str]]:
    return [(block.level, block.text) for block in reading.blocks if block.kind == "heading"]


def texts(reading: Reading) -> list[str]:
    return [block.text for block in reading.blocks if block.kind != "heading"]


def test_a_pdf_keeps_its_pages_and_larger_lines_are_headings() -> None:
    made = files.pdf(
        [
            [(22, "Price list"), (11, "Cleaning costs 80 dollars, for chil-"), (11, "dren half of that.")],
            [(22, "Parking"), (11, "Twelve spaces (free) behind the building.")],
        ]
    )
    reading = read_file(made, "pdf")
    assert reading.pages == 2
    assert [text for _, text in headings(reading)] == ["Price list", "Parking"]
    assert texts(reading) == [
        "Cleaning costs 80 dollars, for children half of that.",
        "Twelve spaces (free) behind the building.",
    ]
    assert [block.page for block in reading.blocks] == [1, 1, 2, 2]


def test_a_word_file_keeps_headings_lists_and_tables() -> None:
    made = files.word(
        [("Heading 1", "Prices"), ("Normal", "In dollars."), ("Heading 2", "Cleaning"), ("List Bullet", "Deep: 150")],
        [["Kind", "Price"], ["Implant", "$1,900"]],
    )
    reading = read_file(made, "docx")
    assert headings(reading) == [(1, "Prices"), (2, "Cleaning")]
    assert texts(reading) == ["In dollars.", "- Deep: 150", "Kind: Implant; Price: $1,900"]


def test_a_page_is_read_without_menus_scripts_and_what_is_hidden() -> None:
    reading = read_file(files.PRICES.encode(), "html", "https://dental.example/prices")
    assert reading.title == "Prices at Bright Dental"
    assert headings(reading) == [(1, "Prices"), (2, "Cleaning"), (2, "Implants"), (2, "Whitening")]
    told = " ".join(texts(reading))
    assert "Kind: Ceramic implant; Price: $2,400" in texts(reading)
    assert not any(word in told for word in ("tracked", "Home", "secret", "agency"))
    assert reading.links == ["https://dental.example/", "https://dental.example/contact"]


def test_a_table_tells_each_row_with_its_headers() -> None:
    semicolons = "Name;Price\nCleaning;80\n\n;\nImplant;1900\n".encode("utf-16")
    assert texts(read_file(semicolons, "csv")) == ["Name: Cleaning; Price: 80", "Name: Implant; Price: 1900"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_read_in_whatever_encoding(encoding: str) -> None:
    text = "# Öffnungszeiten\n\nMontags geöffnet von acht bis achtzehn Uhr, außer an Feiertagen.\n"
    reading = read_file(text.encode(encoding), "txt")
    assert headings(reading) == [(1, "Öffnungszeiten")]
    assert texts(reading) == ["Montags geöffnet von acht bis achtzehn Uhr, außer an Feiertagen."]


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, data)
    return out.getvalue()


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><w:document>&j;</w:document>"
)


@pytest.mark.parametrize(
    ("name", "kind", "data", "sentence"),
    [
        ("locked", "pdf", lambda: files.pdf([[(11, "x")]], "letmein"), "protected by a password"),
        ("no text", "pdf", lambda: files.pdf([[]]), "pictures of pages"),
        ("cut short", "pdf", lambda: files.pdf([[(11, "x")]])[:200], "damaged"),
        ("no pdf", "pdf", lambda: b"hello", "no PDF"),
        ("pdf bomb", "pdf", lambda: files.pdf_bomb(400_000_000), "[a-z]"),
        ("docx bomb", "docx", lambda: files.word_bomb(300_000_000), "unpacks to far more"),
        ("laughs", "docx", lambda: zipped("word/document.xml", LAUGHS), "damaged"),
        ("old word", "docx", lambda: bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 512, "old kind"),
        ("a picture", "txt", lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no text file"),
        ("empty", "csv", lambda: b"  \n", "empty"),
        ("nothing to say", "html", lambda: b"<html><body><script>1</script></body></html>", "no text"),
        ("deep", "html", lambda: b"<div>" * 200_000, "[a-z]"),
        ("too long", "txt", lambda: b"word " * 1_100_000, "more than 5 million"),
        ("too large", "txt", lambda: b"x" * (26 * 1024 * 1024), "larger than 25 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hostile_file_becomes_a_sentence(name: str, kind: Kind, data: object, sentence: str) -> None:
    assert callable(data)
    with pytest.raises(Unreadable, match=sentence) as refused:
        read_file(data(), kind)
    assert str(refused.value).endswith(".")


def test_a_reader_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(asking, "_command", lambda arguments: hangs)
    with pytest.raises(Unreadable, match="too long"):
        read_file(b"x", "txt", seconds=0.5)


def test_the_reader_knows_no_django_and_gets_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCRYPTION_KEYS", "secret")
    probe = "import sys, os, agents.knowledge.reading.__main__, agents.knowledge.reading.pdf; print('django' in sys.modules)"
    monkeypatch.setattr(
        asking, "_command", lambda arguments: [sys.executable, "-c", f"{probe}; print(dict(os.environ))"]
    )
    _, told = asking._asked(b"", [], 30.0)
    assert b"False" in told
    assert b"secret" not in told
