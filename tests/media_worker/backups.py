"""Agents with somebody to take over: every vendor is a server of its own, on a real socket."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from media_worker.contract import events as told
from media_worker.contract.spec import CallSpec, PoolKey, Provider, Providers
from media_worker.solo import Caller
from tests.fakes.vendors.openai_server import FakeOpenAI
from tests.media_worker.conftest import spec

ANSWER = "We are open from nine to six."


def vendor(server: FakeOpenAI, model: str = "any", keys: tuple[str, ...] = (), **options: Any) -> Provider:
    """`keys` are those of its pool, in order; the first is in use."""
    pool = tuple(PoolKey(id=f"id-{key}", alias=f"the {key} key", secret=SecretStr(key)) for key in keys)
    provider = Provider(
        vendor="openai_compatible", base_url=server.base_url, options={"model": model, **options}, keys=pool
    )
    return provider.with_key(pool[0]) if pool else provider


def agent(providers: dict[str, Any], **changes: Any) -> CallSpec:
    """Alice's clinic with these providers; those that are not named are built in."""
    parts = {name: changes.pop(name) for name in ("routing", "flow", "clips") if name in changes}
    agency = changes.pop("agency", "alice")
    plain = spec(llm=True, **changes)
    whole = plain.agent.model_copy(update={"providers": Providers(**providers), **parts})
    return plain.model_copy(update={"agent": whole, "agency": agency})


def said(caller: Caller, turn: int) -> list[str]:
    return [body.text for body in caller.of(told.AgentTurn) if body.turn == turn]


def steps(caller: Caller) -> list[tuple[str, str]]:
    return [(body.stage, body.step) for body in caller.of(told.Fallback)]
