"""What every template has to keep: it parses, the content security policy would let it run, and nothing escapes escaping.

A `|safe` or `autoescape off` needs a reason in a `{# safe: … #}` on the same line or the one before.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("templates", "agents", "calls", "tenants", "voiceops")

REFUSED = (
    (re.compile(r"<style\b(?![^>]*\bnonce=)|\sstyle\s*=\s*[\"']", re.IGNORECASE), "has an inline style: use a class"),
    (
        re.compile(r"<script(?![^>]*\bsrc\s*=)[^>]*>(?!\s*</script>)", re.IGNORECASE),
        "has an inline script: use a module",
    ),
    (re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE), "has an inline event handler: use x-on or a module"),
    (re.compile(r"javascript:", re.IGNORECASE), "has a javascript: address"),
)
DATA_SCRIPT = re.compile(r"<script[^>]*type\s*=\s*[\"']application/json[\"']", re.IGNORECASE)
UNESCAPED = re.compile(r"\|\s*safe\b|{%\s*autoescape\s+off|\|\s*safeseq\b")
REASON = re.compile(r"{#\s*safe:\s*\S")  # on the line, the line before, or the file's first line for all of it
POST_FORM = re.compile(r"<form\b[^>]*\bmethod\s*=\s*[\"']post[\"'][^>]*>.*?</form>", re.IGNORECASE | re.DOTALL)


def templates() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.html") if "templates" in path.parts)


def complaints(text: str) -> Iterator[tuple[int, str]]:
    """Line numbers and what is wrong there."""
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        for pattern, wrong in REFUSED:
            if pattern.search(line) and not DATA_SCRIPT.search(line):
                yield number, wrong
        before = lines[number - 2] if number > 1 else ""
        if UNESCAPED.search(line) and not any(REASON.search(place) for place in (line, before, lines[0])):
            yield number, "turns escaping off without a reason ({# safe: why #})"
    for form in POST_FORM.finditer(text):
        if "csrf_token" not in form[0] and "hx-headers" not in form[0]:
            yield text.count("\n", 0, form.start()) + 1, "posts a form without {% csrf_token %}"


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceops.settings")
    import django
    from django.template import TemplateSyntaxError, engines

    django.setup()
    engine = engines["django"]
    wrong = []
    for path in templates():
        name = path.relative_to(ROOT)
        text = path.read_text()
        wrong += [f"{name}:{line}: {what}" for line, what in complaints(text)]
        try:
            engine.from_string(text)
        except TemplateSyntaxError as error:
            wrong.append(f"{name}: does not parse: {error}")
    print("\n".join(wrong) or f"{len(templates())} templates")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
