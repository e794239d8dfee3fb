"""Builders' common part: a vendor's wire becomes a pipecat service. Light itself; pipecat comes with the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Field, ProviderUnavailable, Talent, option
from media_worker.providers.streaming.wire import EarsWire, Final, Post, VoiceWire

CONNECTION = Field(
    "connection",
    "Connection",
    "choice",
    default="websocket",
    choices=(("websocket", "Websocket, the fastest"), ("http", "HTTP, where websockets do not pass")),
)


def address(example: str) -> Field:
    return Field("base_url", "Address", "url", help=f"Only for another region or your own server, as in {example}")


def key_of(provider: Provider, label: str) -> str:
    """Raises ProviderUnavailable without one."""
    if provider.api_key is None:
        raise ProviderUnavailable(f"{label} needs an API key.")
    return provider.api_key.get_secret_value()


def ears(label: str, context: BuildContext, wire: Callable[[], EarsWire], *, latency: float, model: str) -> Any:
    from media_worker.providers.streaming.ears import StreamingEars

    return StreamingEars(label=label, wire=wire, rate=context.sample_rate, latency=latency, model=model)


def voice(label: str, context: BuildContext, wire: Callable[[], VoiceWire], *, model: str, voice: str) -> Any:
    from media_worker.providers.streaming.voice import StreamingVoice

    return StreamingVoice(label=label, wire=wire, rate=context.sample_rate, model=model, voice=voice)


def posted_voice(
    label: str,
    context: BuildContext,
    post: Callable[[str], Post],
    *,
    model: str,
    voice: str,
    field: str = "",
) -> Any:
    """The answer is samples at the call's rate, or, with a `field`, JSON that holds a WAV there."""
    from media_worker.providers.posted import PostedVoice

    return PostedVoice(
        label=label,
        ask=lambda text: _request(post(text)),
        sound="json" if field else "pcm",
        field=field,
        rate=context.sample_rate,
        model=model,
        voice=voice,
    )


def posted_ears(
    label: str, post: Callable[[bytes], Post], read: Callable[[dict[str, Any]], Final], *, model: str
) -> Any:
    from media_worker.providers.posted import PostedEars, Transcript

    def heard(told: dict[str, Any]) -> Transcript:
        final = read(told)
        return Transcript(final.text.strip(), final.confidence)

    return PostedEars(label=label, ask=lambda wav: _request(post(wav)), read=heard, latency=2.0, model=model)


def _request(post: Post) -> Any:
    import httpx2

    from media_worker.providers import posted

    if post.file is not None:
        name, wav = post.file
        files = {name: ("speech.wav", wav, "audio/wav")}
        request = httpx2.Request("POST", post.url, data=post.fields, files=files)
    elif post.json is not None:
        request = httpx2.Request("POST", post.url, json=post.json)
    else:
        return posted.Post(post.url, post.content, post.headers)
    return posted.Post(post.url, request.read(), post.headers | {"content-type": request.headers["content-type"]})


def over_http(provider: Provider, talent: Talent) -> bool:
    return option(provider, talent, CONNECTION.name) == "http"


def language_of(context: BuildContext) -> str:
    """Without the region: “en” of “en-GB”."""
    return context.spec.agent.language.split("-")[0]
