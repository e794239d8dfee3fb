"""Daphne as a real process, its media workers the test's own: what the bridge does can be watched from both sides."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from django.db import connections
from django.db.models import QuerySet
from django_tenants.utils import schema_context

from agents import actions
from agents.models import Agent
from calls.models import Call, CarrierAccount, PhoneNumber
from tenants.clients.models import Client
from tests import stores
from tests.calls.bridge.carrier import AUTH_TOKEN, Trunk
from tests.conftest import use_database
from tests.fakes.worker import ScriptedWorker
from voiceops.local import programs
from voiceops.local.process import Program, spawn, stop, wait_ready

T = TypeVar("T")
KEY = "tests-only-media-worker-key"
PURPOSE = "Front desk of a dental practice. It answers the phone and books appointments."


class Web:
    """Daphne, which a test may kill and start again."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.start()

    def start(self) -> None:
        self.process = spawn(self.program)
        wait_ready(self.program, self.process)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        stop(self.program, self.process)


@dataclass(frozen=True)
class Stack:
    port: int
    worker_ports: tuple[int, int]
    database_url: str
    web: Web

    @property
    def base_url(self) -> str:
        return f"http://alice.localhost:{self.port}"

    def worker(self, number: int = 0, **more: Any) -> ScriptedWorker:
        return ScriptedWorker(self.worker_ports[number], KEY, **more)


@pytest.fixture(scope="session")
def bridge_stack(django_db_setup: None) -> Iterator[Stack]:
    folder = stores.state() / f"bridge-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    folder.mkdir(exist_ok=True)
    database_url = stores.clone_database(folder.name.replace("-", "_"))
    with ExitStack() as running:
        redis, started = stores.start_redis(folder.name)
        running.callback(stop, *started)
        port, *worker_ports = programs.free_ports(3)
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "voiceops.settings",
            "DATABASE_URL": database_url,
            "DATABASE_POOL": "10",
            "REDIS_URL": redis.url(),
            "PUBLIC_URL": f"http://localhost:{port}",
            "OUTBOUND_ALLOW": "127.0.0.1/32",
            "MEDIA_WORKERS": ",".join(f"127.0.0.1:{one}" for one in worker_ports),
        }
        web = Web(programs.daphne(env, folder / "daphne.log", "127.0.0.1", port))
        running.callback(web.stop)
        yield Stack(port, (worker_ports[0], worker_ports[1]), database_url, web)


@dataclass(frozen=True)
class Stage:
    """A stack with a number of Alice's that an agent answers."""

    stack: Stack
    account: CarrierAccount
    number: PhoneNumber
    agent: Agent

    def trunk(self, **more: Any) -> Trunk:
        return Trunk(self.stack.base_url, self.account.account_sid, self.number.number, **more)

    def worker(self, number: int = 0, **more: Any) -> ScriptedWorker:
        return self.stack.worker(number, **more)

    async def read(self, question: Callable[[], T]) -> T:
        """Ask Alice's database."""

        def ask() -> T:
            try:
                with schema_context("alice"):
                    return question()
            finally:
                connections.close_all()

        return await asyncio.to_thread(ask)

    async def call(self, trunk: Trunk) -> Call:
        return await self.read(lambda: Call.objects.get(carrier_call_id=trunk.call_sid))

    async def until(self, trunk: Trunk, true: Callable[[Call], bool], seconds: float = 10) -> Call:
        """The call, once this is true of it."""

        def look() -> Call | None:
            call = Call.objects.get(carrier_call_id=trunk.call_sid)
            return call if true(call) else None

        found = await self._eventually(look, seconds)
        assert found is not None
        return found

    async def stored(self, rows: QuerySet[Any], seconds: float = 10) -> None:
        """Wait until there is such a row."""
        await self._eventually(rows.all().exists, seconds)

    async def _eventually(self, question: Callable[[], T], seconds: float) -> T:
        async with asyncio.timeout(seconds):
            while True:
                if answer := await self.read(question):
                    return answer
                await asyncio.sleep(0.05)

    async def ended(self, trunk: Trunk, seconds: float = 10) -> Call:
        return await self.until(trunk, lambda call: call.status == Call.Status.ENDED, seconds)


@pytest.fixture
def stage(bridge_stack: Stack, django_db_blocker: Any, settings: Any) -> Iterator[Stage]:
    usual = os.environ["DATABASE_URL"]
    settings.PUBLIC_URL = f"http://localhost:{bridge_stack.port}"
    settings.PUBLIC_PORT = bridge_stack.port
    with django_db_blocker.unblock():
        use_database(bridge_stack.database_url)
        try:
            with schema_context("alice"):
                made = _stage(bridge_stack)
            yield made
        finally:
            connections.close_all()
            use_database(usual)


def _stage(stack: Stack) -> Stage:
    client = Client.objects.get(slug="bright-dental")
    name = f"Front desk {secrets.token_hex(4)}"
    agent = actions.create(None, client, name=name, call_type="both", purpose=PURPOSE, ask_model=False).agent
    account = CarrierAccount.objects.create(
        carrier="twilio", label="Main line", account_sid=f"AC{secrets.token_hex(16)}", auth_token=AUTH_TOKEN
    )
    digits = f"{secrets.randbelow(10**7):07}"
    number = PhoneNumber.objects.create(number=f"+1415{digits}", account=account, client=client, agent=agent)
    return Stage(stack, account, number, agent)
