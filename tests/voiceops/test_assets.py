"""What a machine without Node can know of the built files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voiceops.lib import assets, colour
from voiceops.lib.status import STATUSES

pytestmark = pytest.mark.unit


ICON = re.compile(r"""\bicon["']?\s*[=:( ]\s*["']([a-z][a-z0-9-]*)["']""")
ROOMS = ("agents", "calls", "tenants", "voiceops")


def pages() -> list[Path]:
    return [*(assets.ROOT / "templates").rglob("*.html")]


def test_the_built_files_are_those_of_the_sources() -> None:
    assert assets.drift() == [], "run `make assets` and commit static/dist"


def test_every_icon_that_something_names_is_in_the_sprite() -> None:
    named = {name for page in pages() for name in ICON.findall(page.read_text())}
    for room in ROOMS:
        named |= {name for file in (assets.ROOT / room).rglob("*.py") for name in ICON.findall(file.read_text())}
    named |= {status.icon for kind in STATUSES.values() for status in kind.values()}
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (assets.DIST / "icons.svg").read_text()))
    assert named - drawn == set(), "run `make assets`"
    assert drawn == assets.manifest().icons


def test_no_page_carries_inline_styles_or_scripts_that_the_policy_would_refuse() -> None:
    wrong = re.compile(r"""\sstyle=["']|\son[a-z]+=["']|<script(?![^>]*\bsrc=)|javascript:""", re.IGNORECASE)
    found = {page.name: match[0] for page in pages() if (match := wrong.search(page.read_text()))}
    assert found == {}


def test_nothing_is_loaded_from_elsewhere() -> None:
    elsewhere = re.compile(r"""(?:src|href)=["']https?://|url\(["']?https?://|@import\s+["']http""")
    texts = {page: page.read_text() for page in [*pages(), assets.DIST / "app.css"]}
    assert [page.name for page, text in texts.items() if elsewhere.search(text)] == []


def test_every_tone_can_be_read_on_its_ground_in_both_themes() -> None:
    text = (assets.ROOT / "static" / "src" / "css" / "tokens.css").read_text()
    tokens = dict(re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\)", text))
    pairs = [(tone, f"{tone}-soft") for tone in ("good", "warn", "bad", "live")]
    pairs += [(ink, ground) for ink in ("text", "muted", "faint") for ground in ("bg", "surface", "raised", "sunken")]
    pairs += [(tone, ground) for tone in ("good", "warn", "bad", "live") for ground in ("bg", "surface")]
    poor = [
        f"{ink} on {ground}, {theme}: {ratio:.2f}"
        for ink, ground in pairs
        for theme, one, other in zip(
            ("light", "dark"), tokens[ink].split(", "), tokens[ground].split(", "), strict=True
        )
        if (ratio := colour.contrast(one, other)) < 4.5
    ]
    assert poor == []
