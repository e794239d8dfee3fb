"""docs/flow.md says what the declarations say today."""

from __future__ import annotations

import pytest

from media_worker.contract.expressions.functions import FUNCTIONS
from media_worker.contract.flow import KINDS
from tools import docs

pytestmark = pytest.mark.unit


def test_the_page_is_what_the_declarations_make_of_it() -> None:
    assert docs.WRITTEN.read_text() == docs.written(), "Run `make docs`, and commit docs/flow.md."


def test_every_kind_field_and_function_is_on_it() -> None:
    said = docs.written()
    for name, kind in KINDS.items():
        section = said.split(f"(`{name}`)")[1].split("\n#")[0]
        assert kind.about.text in section
        for field in set(kind.model_fields) - {"type"}:
            assert f"| `{field}` |" in section
    for name in FUNCTIONS:
        assert f"`{name}(" in said
    assert "](#slot)" in said
    assert "\n### Slot\n" in said
