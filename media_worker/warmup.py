"""What the first call would otherwise wait for: imports, models, their first run."""

from __future__ import annotations

import logging

import numpy as np
from pydantic import SecretStr

log = logging.getLogger(__name__)


def warm_up() -> None:
    """Takes a few seconds. Call it before the worker says that it is ready."""
    from media_worker.contract.spec import TurnTaking
    from media_worker.pipeline import build, smart_turn  # noqa: F401 (building imports everything a call needs)
    from media_worker.pipeline.vad import Vad

    quiet = np.zeros(8000, dtype="<i2").tobytes()
    for rate in (8000, 16000):
        Vad(TurnTaking(), rate).hear(quiet)
    smart_turn.probability(quiet, 8000)
    _import_vendors()


def _import_vendors() -> None:
    """Each builder imports its SDK when it is first used, which may take a second of everybody's time."""
    import uuid

    from media_worker.contract.flow import ConversationNode, Flow
    from media_worker.contract.spec import AgentSpec, CallSpec, Provider
    from media_worker.providers.base import BuildContext
    from media_worker.providers.registry import VENDORS

    flow = Flow(greeting="", start="talk", nodes=(ConversationNode(id="talk"),))
    agent = AgentSpec(id=uuid.uuid4(), version=1, name="", flow=flow)
    context = BuildContext(CallSpec(call_id=uuid.uuid4(), agency="none", direction="web", agent=agent))
    for vendor in VENDORS:
        provider = Provider(
            vendor=vendor.name, base_url="http://127.0.0.1:9", api_key=SecretStr("none"), options={"model": "none"}
        )
        for name in vendor.talents():
            talent = vendor.talent(name)
            if talent is None or talent.build is None:
                continue
            try:
                talent.build(provider, context)
            except Exception as error:
                log.info("%s of %s is not available: %s", name.upper(), vendor.label, type(error).__name__)
