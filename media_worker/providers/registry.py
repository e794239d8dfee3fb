"""Every vendor, one line each. Importing this brings no pipecat, no numpy and no Django."""

from __future__ import annotations

from media_worker.providers import (
    anthropic,
    assemblyai,
    azure_openai,
    azure_speech,
    bedrock,
    builtin,
    cartesia,
    chatterbox,
    deepgram,
    elevenlabs,
    gemini,
    google_speech,
    groq,
    kokoro,
    mistral,
    ollama,
    openai,
    openai_compatible,
    openrouter,
    piper,
    sarvam,
    speechmatics,
    vosk,
    whisper,
    xtts,
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
    azure_speech.VENDOR,
    google_speech.VENDOR,
    kokoro.VENDOR,
    piper.VENDOR,
    chatterbox.VENDOR,
    xtts.VENDOR,
    whisper.VENDOR,
    vosk.VENDOR,
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
