"""Every vendor, one line each. Importing this brings no pipecat, no numpy and no Django."""

from __future__ import annotations

from media_worker.providers import (
    anthropic,
    assemblyai,
    azure_openai,
    bedrock,
    builtin,
    cartesia,
    deepgram,
    elevenlabs,
    gemini,
    groq,
    mistral,
    ollama,
    openai,
    openai_compatible,
    openrouter,
    sarvam,
    speechmatics,
)
from media_worker.providers.base import TalentName, VendorSpec

VENDORS: tuple[VendorSpec, ...] = (
    builtin.VENDOR,
    openai.VENDOR,
    openai_compatible.VENDOR,
    anthropic.VENDOR,
    gemini.VENDOR,
    deepgram.VENDOR,
    speechmatics.VENDOR,
    assemblyai.VENDOR,
    elevenlabs.VENDOR,
    cartesia.VENDOR,
    sarvam.VENDOR,
    groq.VENDOR,
    mistral.VENDOR,
    azure_openai.VENDOR,
    bedrock.VENDOR,
    openrouter.VENDOR,
    ollama.VENDOR,
)

_BY_NAME = {vendor.name: vendor for vendor in VENDORS}


def vendor(name: str) -> VendorSpec:
    """The vendor of this name. Raises KeyError, whose text is a sentence, when there is none."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise KeyError(f"There is no vendor called {name}.") from None


def vendors(talent: TalentName | None = None) -> list[VendorSpec]:
    """All vendors, or those with this talent, in the order they are offered."""
    return [vendor for vendor in VENDORS if talent is None or vendor.talent(talent)]
