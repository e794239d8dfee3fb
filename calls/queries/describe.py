"""An event as a line of the log: an icon and a sentence. Kinds that nobody described are shown by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from calls.models import CallEvent
from media_worker.providers.registry import vendor
from voiceops.lib.format import milliseconds

Data = dict[str, Any]


@dataclass(frozen=True)
class Line:
    icon: str
    text: str
    tone: str = ""


def _latency(data: Data) -> str:
    start, first = data.get("speech_end_ms"), data.get("tts_first_ms")
    if start is None or first is None:
        return f"{_reply(data)} was timed"
    return f"{_reply(data)}: first sound {milliseconds(first - start)} after the caller stopped"


def _reply(data: Data) -> str:
    return f"Reply {data['turn']}" if data.get("turn") else "The greeting"


def _count(text: Any) -> str:
    number = len(str(text or "").split())
    return "1 word" if number == 1 else f"{number} words"


def _usage(data: Data) -> str:
    amounts = [
        f"{data[name]:g} {word}"
        for name, word in (
            ("seconds", "s"),
            ("characters", "characters"),
            ("tokens_in", "tokens in"),
            ("tokens_out", "tokens out"),
        )
        if data.get(name)
    ]
    return f"{_vendor(data)} {str(data.get('stage', '')).upper()}: {', '.join(amounts) or 'nothing used'}"


def _vendor(data: Data) -> str:
    name = str(data.get("vendor", ""))
    if name == "library":
        return "Recorded clips"
    try:
        return vendor(name).label
    except KeyError:
        return name


def _why(head: str, data: Data) -> str:
    return f"{head}, {plain(data['why'])}" if data.get("why") else head


def plain(why: Any) -> str:
    """`intent:book_appointment` → `intent book appointment`; a sentence stays as it is."""
    text = str(why)
    return text if " " in text else text.replace("_", " ").replace(":", " ")


def _span(data: Data) -> Line:
    """One piece of work: `OpenAI LLM gpt-5-mini, 390 ms for reply 3`."""
    who = " ".join(filter(None, (_vendor(data), _stage(data), data.get("model"), data.get("name"))))
    took = milliseconds(int(data.get("ended_ms") or 0) - int(data.get("started_ms") or 0))
    error = f": {plain(data['error'])}" if data.get("error") else ""
    dropped = "" if data.get("kept", True) else ", dropped"
    return Line(
        icon="chart-gantt",
        text=f"{who}, {took} for {_reply(data).lower()}{dropped}{error}",
        tone="bad" if error else "",
    )


def _tool(data: Data) -> Line:
    """Without what was given and what came back: that is in the trace."""
    name = str(data.get("tool", ""))
    what = "Knowledge was looked up" if name == "knowledge" else f"The tool {name} was used"
    took = milliseconds(int(data.get("ended_ms") or 0) - int(data.get("started_ms") or 0))
    status = f" ({data['status']})" if data.get("status") else ""
    failed = "" if data.get("ok") else f", and failed{status}"
    mocked = ", mocked" if data.get("mocked") else ""
    return Line(icon="wrench", text=f"{what}, {took}{mocked}{failed}", tone="bad" if failed else "")


def _stage(data: Data) -> str:
    stage = str(data.get("stage", ""))
    return stage.upper() if stage in ("stt", "llm", "tts", "s2s") else stage


def _key_trouble(data: Data) -> str:
    if data.get("what") == "refused":
        return "A key was refused by its vendor"
    wait = data.get("retry_after")
    return "A key has to wait: its vendor limits its rate" + (f", {wait:g} s" if wait else "")


_LINES: dict[str, Callable[[Data], Line]] = {
    "started": lambda d: Line(
        icon="play", text="Another worker took over" if d.get("resumed") else "The agent came on the line"
    ),
    "user_turn": lambda d: Line(icon="mic", text=f"The caller said {_count(d.get('text'))}"),
    "agent_turn": lambda d: Line(
        icon="volume-2", text=f"The agent answered turn {d.get('turn')}" if d.get("turn") else "Greeting"
    ),
    "latency": lambda d: Line(icon="timer", text=_latency(d)),
    "on_wire": lambda d: Line(icon="radio-tower", text=f"{_reply(d)} reached the carrier’s socket"),
    "interrupted": lambda d: Line(icon="hand", text=f"The caller spoke over {_reply(d).lower()}", tone="warn"),
    "paused": lambda d: Line(icon="pause", text=f"{_reply(d)} paused for {milliseconds(d.get('ms'))} by a noise"),
    "backchannel": lambda d: Line(
        icon="message-circle", text=f"The caller agreed in passing, during {_reply(d).lower()}"
    ),
    "span": lambda d: _span(d),
    "key_trouble": lambda d: Line(icon="key-round", text=_key_trouble(d), tone="warn"),
    "node_entered": lambda d: Line(icon="git-branch", text=_why(f"Node {d.get('node')}", d)),
    "variable_set": lambda d: Line(icon="braces", text=f"{d.get('name')} was set"),
    "fallback": lambda d: Line(
        icon="life-buoy", text=_why(f"Fallback, {str(d.get('step')).replace('_', ' ')}", d), tone="warn"
    ),
    "tool_used": lambda d: _tool(d),
    "handed_over": lambda d: Line(
        icon="users", text=f"{d.get('agent')}, version {d.get('version')}, took the call over"
    ),
    "digit": lambda d: Line(icon="hash", text=f"Key {d.get('digit')}"),
    "fault": lambda d: Line(icon="circle-alert", text=str(d.get("message", "Something failed")), tone="bad"),
    "usage": lambda d: Line(icon="gauge", text=_usage(d)),
}


def line(event: CallEvent) -> Line:
    known = _LINES.get(event.kind)
    if known is not None:
        return known(event.data)
    details = ", ".join(f"{key} {value}" for key, value in event.data.items() if isinstance(value, str | int | float))
    text = event.kind.replace("_", " ").replace(".", " ").capitalize()
    return Line(icon="circle-dot", text=f"{text}: {details}" if details else text)
