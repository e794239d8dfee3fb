"""The test button: a real use with typed arguments, kept in the audit log without them."""

from __future__ import annotations

from collections.abc import Mapping

from agents.tools import using
from agents.tools.kinds.base import Caller
from agents.tools.queries import Offered
from agents.tools.using import Tried
from media_worker.contract.tools import Scalar
from tenants.audit import actions as audit
from tenants.people.models import User


def try_out(actor: User, one: Offered, given: Mapping[str, Scalar], caller: Caller) -> Tried:
    """Empty arguments are left out. Reaches the other system for real, whatever it does there."""
    tried = using.try_out(one, {name: value for name, value in given.items() if value not in ("", None)}, caller)
    audit.record(actor, "tool.tested", one.tool, data={"name": one.name, "worked": tried.outcome.ok})
    return tried
