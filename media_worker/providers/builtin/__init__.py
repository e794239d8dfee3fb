"""The built-in ears, voice and dialogue engine: no key, no model to download, nothing leaves the machine.

`stt.py`   pocketsphinx, told by the flow what to listen for
`tts.py`   espeak-ng, in a program of its own (`espeak.py`)
The dialogue engine is `media_worker.flow.engine`; it needs no service in the pipeline, so its `build` is None.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, Llm, Stt, Tts, VendorSpec

VOICES: tuple[tuple[str, str], ...] = (
    ("en-us", "American, man"),
    ("en-us+f3", "American, woman"),
    ("en-gb-x-rp", "British, man"),
    ("en-gb-x-rp+f3", "British, woman"),
    ("en-gb-scotland", "Scottish, man"),
    ("en-029", "Caribbean, man"),
)


def _stt(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.builtin.stt import build

    return build(provider, context)


def _tts(provider: Provider, context: BuildContext) -> Any:
    from media_worker.providers.builtin.tts import build

    return build(provider, context)


STT = Stt(
    build=_stt,
    options=(
        Field(
            "strictness",
            "How sure it has to be",
            "number",
            default=0.5,
            min=0.0,
            max=1.0,
            help="Higher: the agent asks again more often. Lower: it mishears more often.",
        ),
    ),
    languages=("en",),
    streaming=True,
    guided=True,
    note="Hears what the agent's script expects: good for narrow flows, poor at free speech. English only.",
)

LLM = Llm(
    build=None,
    languages=("en",),
    tools=False,
    note="Follows the script's intents, examples and questions word for word. It does not improvise.",
)

TTS = Tts(
    build=_tts,
    options=(
        Field("voice", "Voice", "choice", default="en-us", choices=VOICES),
        Field("speed", "Words per minute", "number", default=155, min=80, max=300),
        Field("pitch", "Pitch", "number", default=45, min=0, max=99),
    ),
    languages=("en",),
    note="Robotic but clear, and instant. Needs the extra `espeak` (GPL-3): pip install voiceops[espeak].",
)

VENDOR = VendorSpec(
    name="builtin",
    label="Built in",
    stt=STT,
    llm=LLM,
    tts=TTS,
    local=True,
    note="Runs on this machine without any key. A modest engine for narrow flows and for trying things out.",
)


async def warm() -> None:
    """Starts the programs of the ears and the voice ahead of the first call; what cannot start is told then."""
    from importlib.util import find_spec

    from media_worker.providers.builtin.children import ChildUnavailable, child

    programs = ["ears"] if find_spec("pocketsphinx") else []
    programs += ["espeak"] if find_spec("espeakng_loader") else []
    for program in programs:
        with suppress(ChildUnavailable):
            await child(f"media_worker.providers.builtin.{program}").ready()
