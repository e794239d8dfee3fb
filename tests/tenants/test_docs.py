"""The table of roles in docs/roles.md is the one in the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tenants.access import PERMISSIONS, Permission

pytestmark = pytest.mark.unit
ROLES = Path(__file__).resolve().parents[2] / "docs" / "roles.md"


def test_the_documented_roles_are_the_real_ones():
    lines = [line for line in ROLES.read_text().splitlines() if line.startswith("|")]
    roles = re.findall(r"`(\w+)`", lines[0])
    documented: dict[str, set[str]] = {role: set() for role in roles}
    for line in lines[2:]:
        what, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        permission = re.findall(r"`(\w+)`", what)[-1]
        for role, cell in zip(roles, cells, strict=True):
            if cell == "yes":
                documented[role].add(permission)
    assert documented == {role: {p.value for p in held} for role, held in PERMISSIONS.items()}
    assert {p for held in documented.values() for p in held} == {p.value for p in Permission}
