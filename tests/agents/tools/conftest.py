from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.tool_server import ToolServer


@pytest.fixture
def shop(settings: Any) -> Iterator[ToolServer]:
    """A server of the agency's own, which the operator allows."""
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    with ToolServer() as server:
        yield server
