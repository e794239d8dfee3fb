"""Small real files, made when a test needs them."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence

import docx
from pypdf import PdfReader, PdfWriter

PRICES = """<html><head><title>Prices at Bright Dental</title><script>var tracked = 1;</script></head><body>
<nav><a href="/">Home</a> <a href="/contact">Contact</a></nav>
<main><h1>Prices</h1><p>All prices are in dollars and hold until the end of 2027.</p>
<h2>Cleaning</h2><p>A cleaning costs 80 dollars and takes forty minutes. Children under twelve pay half.</p>
<h2>Implants</h2><table><tr><th>Kind</th><th>Price</th></tr><tr><td>Titanium implant</td><td>$1,900</td></tr>
<tr><td>Ceramic implant</td><td>$2,400</td></tr></table>
<h2>Whitening</h2><p>Whitening costs 300 dollars. Two sessions are needed, a week apart.</p>
<p style="display:none">The secret discount is ninety percent.</p></main>
<footer>Made by a web agency</footer></body></html>"""

HOURS = """# Opening hours

We are open Monday to Thursday from 8 am to 6 pm, and on Friday until 2 pm.

## Saturday

The practice is closed on Saturday and Sunday. For emergencies call the dental hospital.

# Parking

There are twelve free parking spaces behind the building. The entrance is on Mill Street.
"""


def pdf(pages: Sequence[Sequence[tuple[float, str]]], password: str = "") -> bytes:
    """Each page as lines, each with the size it is set in."""
    objects: list[bytes] = []

    def add(body: bytes) -> int:
        objects.append(body)
        return len(objects)

    font = add(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    tree = len(pages) * 2 + 2
    kids = []
    for lines in pages:
        text, at = [], 780
        for size, line in lines:
            escaped = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
            text.append(f"BT /F1 {size} Tf 60 {at} Td ({escaped}) Tj ET")
            at -= int(size * 1.6)
        stream = zlib.compress("\n".join(text).encode("cp1252"))
        content = add(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream))
        kids.append(
            add(
                b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
                b" /Resources << /Font << /F1 %d 0 R >> >> >>" % (tree, content, font)
            )
        )
    refs = b" ".join(b"%d 0 R" % kid for kid in kids)
    assert add(b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), refs)) == tree
    root = add(b"<< /Type /Catalog /Pages %d 0 R >>" % tree)
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, start))
    return _locked(out.getvalue(), password) if password else out.getvalue()


def _locked(data: bytes, password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(password, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def pdf_bomb(unpacked: int) -> bytes:
    """One page whose content unpacks to so many bytes, twice packed."""
    inner = zlib.compress(b"BT /F1 12 Tf (A) Tj ET\n" * (unpacked // 23), 9)
    stream = zlib.compress(inner, 9)
    body = pdf([[(12, "x")]])
    return body.replace(
        body[body.index(b"<< /Length") : body.index(b"endstream")],
        b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\n" % (len(stream), stream),
        1,
    )


def word(parts: Sequence[tuple[str, str]], table: Sequence[Sequence[str]] = ()) -> bytes:
    """Paragraphs with their styles: ("Heading 1", "Prices")."""
    document = docx.Document()
    for style, text in parts:
        document.add_paragraph(text, style=style)
    if table:
        made = document.add_table(rows=0, cols=len(table[0]))
        for row in table:
            for cell, text in zip(made.add_row().cells, row, strict=True):
                cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def word_bomb(unpacked: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", b"\0" * unpacked)
    return out.getvalue()
