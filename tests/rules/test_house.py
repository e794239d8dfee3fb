"""The rules of the house that a machine can hold. Each failure says what to do instead."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.templates import complaints
from voiceops.local.state import ROOT

pytestmark = pytest.mark.unit

ROOMS = ("voiceops", "tenants", "agents", "calls", "media_worker")
WALL = 400
WRITES = {"create", "bulk_create", "bulk_update", "update", "get_or_create", "update_or_create", "delete"}


def sources(*rooms: str, suffix: str = ".py") -> Iterator[Path]:
    for room in rooms or ROOMS:
        for path in sorted((ROOT / room).rglob(f"*{suffix}")):
            if "migrations" not in path.parts and "__pycache__" not in path.parts:
                yield path


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_climbs_over_the_wall() -> None:
    files = [*sources(*ROOMS, "tests", "tools", "bench"), *sources("static/src", suffix=".ts")]
    high = {name(path): count for path in files if (count := len(path.read_text().splitlines())) > WALL}
    assert high == {}, f"split these by reason: {WALL} lines is the wall"


def test_views_read_and_answer_and_leave_writing_to_actions() -> None:
    found = []
    for path in sources():
        if not {"views", "api"} & set(path.parts) and path.name not in {"views.py", "api.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
                chain = ast.unparse(node.func)
                if ".objects." in chain:
                    found.append(f"{name(path)}:{node.lineno}: {chain}")
    assert found == [], "a view parses, calls one action or query, and answers"


def test_the_workers_front_door_brings_nothing_heavy() -> None:
    code = (
        "import sys, json, media_worker.contract.wire, media_worker.contract.flow, media_worker.providers.registry;"
        "print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env={})
    loaded = set(json.loads(done.stdout))
    assert "media_worker" in loaded
    assert (
        loaded & {"django", "pipecat", "numpy", "channels", "celery", "voiceops", "calls", "agents", "tenants"} == set()
    )


def test_the_state_folder_needs_no_django() -> None:
    code = "import sys, voiceops.local.state, voiceops.local.urls; print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env={})
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_every_path_a_page_of_the_docs_names_exists(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    beginnings = "|".join([*ROOMS, "docs", "tests", "tools", "bench", "static", "templates", r"\.ci"])
    named = set(re.findall(rf"`((?:{beginnings})/[\w./-]+\.\w+)`", text))
    named |= set(re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text))
    missing = {path for path in named if not (ROOT / path).exists() and not (ROOT / "docs" / path).exists()}
    assert missing == set()


def test_nothing_is_left_for_later() -> None:
    wrong = re.compile(r"\b(TODO|FIXME|XXX)\b")
    found = [
        f"{name(path)}:{number}"
        for path in [*sources(), *sources("static/src", suffix=".ts"), *sources("templates", suffix=".html")]
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if wrong.search(line)
    ]
    assert found == []


def test_the_bound_schema_is_asked_of_one_helper() -> None:
    found = [
        name(path)
        for path in sources()
        if re.search(r"\bconnection\.(schema_name|set_schema)", path.read_text()) and path.name != "schema.py"
    ]
    assert found == [], "use voiceops.lib.schema"


def test_no_exception_is_swallowed_in_silence() -> None:
    found = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            broad = isinstance(node, ast.ExceptHandler) and (
                node.type is None
                or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
            )
            if broad and all(isinstance(line, ast.Pass | ast.Continue) for line in node.body):  # type: ignore[attr-defined]
                found.append(f"{name(path)}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize(
    ("html", "wrong"),
    [
        ('<p style="color:red">', "inline style"),
        ("<style>p{}</style>", "inline style"),
        ("<script>alert(1)</script>", "inline script"),
        ('<a onclick="go()">', "inline event handler"),
        ('<a href="javascript:go()">', "javascript: address"),
        ("{{ name|safe }}", "without a reason"),
        ("{% autoescape off %}", "without a reason"),
        ('<form method="post"><input></form>', "csrf_token"),
    ],
)
def test_the_template_lint_sees(html: str, wrong: str) -> None:
    assert any(wrong in complaint for _, complaint in complaints(html))


@pytest.mark.parametrize(
    "html",
    [
        '<style nonce="{{ CSP_NONCE }}">p{}</style>',
        '<script src="/a.js" defer></script>',
        '<script type="application/json">{}</script>',
        "{# safe: made of numbers #}\n{{ chart|safe }}",
        '<form method="post">{% csrf_token %}</form>',
        '<form method="get"></form>',
    ],
)
def test_the_template_lint_lets_pass(html: str) -> None:
    assert list(complaints(html)) == []
