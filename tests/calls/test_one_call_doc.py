"""`docs/one-call.md` leads through files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from calls.reasons import EndedReason

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "one-call.md").read_text()
ROOMS = ("calls/", "agents/", "tenants/", "media_worker/", "voiceops/")


def test_every_path_exists() -> None:
    paths = [path for path in re.findall(r"`([\w/.]+)`", TEXT) if path.startswith(ROOMS)]
    assert len(paths) > 25
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_reason_it_names_exists() -> None:
    table = TEXT[TEXT.index("| what |") :]
    named = set(re.findall(r"`([a-z]+_[a-z_]+)`", table))
    assert len(named) > 5
    assert named - set(EndedReason) == set()
