"""The whole product for a benchmark: `manage.py up` on a private state folder, seeded, with an agent on fake models."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import ROOT, children, free_port, running


@dataclass(frozen=True)
class Stack:
    base_url: str
    account_sid: str
    auth_token: str
    number: str
    pid: int
    state: Path

    def media_workers(self) -> list[int]:
        """Process ids, in the order of their ports."""
        return children(self.pid, "media_worker")


@contextlib.contextmanager
def stack(capacity: int = 60, workers: int = 1, core: int | None = None, drain_seconds: int = 2) -> Iterator[Stack]:
    """Django is set up in this process once the stack runs: its settings come from the same state folder."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="voiceops-bench-") as state:
        os.environ.update(
            VOICEOPS_STATE=state,
            VOICEOPS_PORT=str(port),
            PUBLIC_URL=f"http://localhost:{port}",
            VOICEOPS_MEDIA_WORKERS=str(workers),
            VOICEOPS_MEDIA_CAPACITY=str(capacity),
            VOICEOPS_DRAIN_SECONDS=str(drain_seconds),
            DJANGO_SETTINGS_MODULE="voiceops.settings",
        )
        with running("manage.py", "up", port=port, core=core) as pid:
            seeded = json.loads(_manage("seed_demo", "--json"))
            import django

            django.setup()
            twilio = seeded["twilio"]
            yield Stack(
                seeded["agency_url"], twilio["account_sid"], twilio["auth_token"], twilio["number"], pid, Path(state)
            )


def point_number_at(
    models: str, number: str, smart_turn: bool = False, speculate: bool = False, ears: str = ""
) -> None:
    """The demo's number is answered by an agent whose ears, mind and voice are the server `models`; `ears`, when given,
    is the address of a server of Deepgram's protocol that listens instead."""
    from django_tenants.utils import schema_context

    from agents.content import AgentContent, Choice, Choices
    from agents.models import Agent, AgentVersion, ProviderAccount
    from bench.models import agent as bench_agent
    from calls.models import PhoneNumber

    spec = bench_agent(models, smart_turn=smart_turn, speculate=speculate)
    with schema_context("demo"):
        row = PhoneNumber.objects.get(number=number)
        account = ProviderAccount.objects.create(vendor="openai_compatible", label="Bench", base_url=models)
        options: dict[str, Any] = {"model": "bench"}
        choice = listens = Choice(account=account.pk, vendor="openai_compatible", options=options)
        if ears:
            account = ProviderAccount.objects.create(vendor="deepgram", label="Ears", base_url=ears)
            account.keys.create(alias="bench", secret="bench")
            listens = Choice(account=account.pk, vendor="deepgram", options={"model": "nova-3"})
        content = AgentContent(flow=spec.flow, turns=spec.turns, models=Choices(stt=listens, llm=choice, tts=choice))
        agent = Agent.objects.create(client=row.client, name="Bench", draft=content.document())
        agent.published = AgentVersion.objects.create(agent=agent, number=1, content=content.document())
        agent.save(update_fields=["published"])
        row.agent = agent
        row.save(update_fields=["agent"])


def _manage(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {arguments[0]} failed: {done.stderr[-2000:]}")
    return done.stdout
