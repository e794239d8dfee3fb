"""Who writes the agent: for now the built-in generator does."""

from __future__ import annotations

from agents.generate import Generated, Request, builtin


def generate(request: Request, *, ask_model: bool = True) -> Generated:
    return builtin.generate(request)
