"""A server of the Model Context Protocol: its tools become operations (streamable HTTP, 2025-06-18 and before).

A client of our own, of the three requests that are needed: the protocol's SDK speaks through a client that cannot be made
to look at the address it connects to. What a server asks of its client (sampling, roots) is not offered, so none asks.
Its tools are taken over when the builder connects, not in a call: a server cannot change what an agent may do meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import Field, SecretStr, field_validator

from agents.flow.form import identifier
from agents.tools.kinds.base import Job, Kind, KindAbout, Operation, Settings, ToolFailed, done, refusal
from agents.tools.kinds.parameters import Address, Given, Mapped
from media_worker.contract.flow.parts import Name, SlotType, ui
from media_worker.contract.tools import ToolOutcome
from voiceops.lib import outbound
from voiceops.lib.errors import VoiceOpsError

VERSION = "2025-06-18"
MOST_TOOLS = 40
LONGEST_SCHEMA = 8_000
MOST_PAGES = 10
_HEADER = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


class McpTool(Settings):
    """A tool of the server. `remote` is its name there, `takes` the JSON schema of what it is given."""

    name: Name = Field(title="Name", json_schema_extra=ui("line"))
    remote: str = Field(min_length=1, max_length=200, title="Its name there", json_schema_extra=ui("line"))
    about: str = Field(default="", max_length=1_000, title="What it does", json_schema_extra=ui("line"))
    takes: str = Field(
        default="", max_length=LONGEST_SCHEMA, title="What it is given (JSON schema)", json_schema_extra=ui("prompt")
    )
    safe: bool = Field(default=False, title="Changes nothing", json_schema_extra=ui("switch"))
    use: bool = Field(default=True, title="Agents may use it", json_schema_extra=ui("switch"))

    @field_validator("takes")
    @classmethod
    def _can_be_said(cls, text: str) -> str:
        if text.strip() and given_by(_as_json(text)) is None:
            raise ValueError("This is no JSON schema of texts, numbers, dates, choices, and yes or no.")
        return text

    def arguments(self) -> dict[str, Given]:
        """What it is given, by the names there."""
        return given_by(_as_json(self.takes)) or {} if self.takes.strip() else {}


class McpConfig(Settings):
    url: Address = Field(
        min_length=8,
        max_length=2_000,
        title="Address",
        description="https://mcp.example.com/mcp",
        json_schema_extra=ui("line"),
    )
    header: str = Field(
        default="Authorization",
        max_length=60,
        title="Header of the key",
        description="With Authorization the key is sent as a bearer token.",
        json_schema_extra=ui("line", advanced=True),
    )
    tools: tuple[McpTool, ...] = Field(
        default=(),
        max_length=MOST_TOOLS,
        title="Its tools",
        description="Taken over from the server when it is connected.",
        json_schema_extra=ui("rows", rows="Add a tool"),
    )
    mapping: tuple[Mapped, ...] = Field(
        default=(), max_length=40, title="What is kept of an answer", json_schema_extra=ui("rows", rows="Keep a value")
    )

    @field_validator("header")
    @classmethod
    def _is_a_header(cls, text: str) -> str:
        if (
            not text
            or not set(text) <= _HEADER
            or text.lower() in {"host", "content-length", "mcp-session-id", "cookie"}
        ):
            raise ValueError("A header's name has letters, digits and dashes.")
        return text

    @field_validator("tools")
    @classmethod
    def _names_are_their_own(cls, tools: tuple[McpTool, ...]) -> tuple[McpTool, ...]:
        names = [tool.name for tool in tools]
        if len(names) != len(set(names)):
            raise ValueError("Two tools have the same name.")
        return tools


class McpSecrets(Settings):
    key: SecretStr = Field(
        default=SecretStr(""), max_length=4_000, title="Key", description="Where the server wants one."
    )


McpJob = Job[McpConfig, McpSecrets]


class Mcp(Kind):
    name = "mcp"
    about = KindAbout("MCP server", "plug", "Uses the tools of a server of the Model Context Protocol", "Web")
    Config, Secrets = McpConfig, McpSecrets

    def operations(self, config: McpConfig) -> tuple[Operation, ...]:
        sets = tuple(dict.fromkeys(one.name for one in config.mapping))
        return tuple(
            Operation(
                tool.name,
                tool.name.replace("_", " ").capitalize(),
                tool.about,
                tuple(given.parameter() for given in tool.arguments().values()),
                sets,
                tool.safe,
            )
            for tool in config.tools
            if tool.use
        )

    def connect(self, job: McpJob) -> dict[str, Any]:
        """The server's tools. What a builder renamed or switched off stays so."""
        there = {tool.remote: tool for tool in job.config.tools}
        with _Session(job) as session:
            found = [tool for row in session.tools() if (tool := _tool(row, there)) is not None]
        if not found:
            raise ToolFailed("The server has no tool that can be used on the phone.")
        named: dict[str, McpTool] = {}
        for tool in found[:MOST_TOOLS]:
            named.setdefault(tool.name, tool)
        return {"tools": [tool.model_dump(mode="json") for tool in named.values()]}

    def run(self, job: McpJob) -> ToolOutcome:
        tool = next((one for one in job.config.tools if one.name == job.operation), None)
        if tool is None:
            raise ToolFailed("The server does not have this tool any more.")
        names = {given.name: key for key, given in tool.arguments().items()}
        given = {names.get(name, name): value for name, value in job.arguments.items()}
        with _Session(job) as session:
            result = session.ask("tools/call", {"name": tool.remote, "arguments": given})
        text = _text(result)
        if result.get("isError"):
            raise ToolFailed(f"The tool says: {text[:500]}" if text else "The tool failed without a word.")
        document = result.get("structuredContent")
        if document is None and job.config.mapping:
            document = _as_json(text)
        kept = {one.name: one.value_of(document) for one in job.config.mapping}
        missing = [one.name for one in job.config.mapping if one.required and kept[one.name] in (None, "")]
        if missing:
            raise ToolFailed(f"The answer has no “{missing[0]}”.")
        return done(text or json.dumps(document, ensure_ascii=False) if text or document is not None else "Done.", kept)


class _Session:
    """From `initialize` to the end of the session, within one use."""

    def __init__(self, job: McpJob) -> None:
        self._job = job
        self._id, self._number, self._version = "", 0, VERSION

    def __enter__(self) -> _Session:
        about = {"name": "VoiceOps", "version": "1"}
        result = self.ask("initialize", {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": about})
        self._version = str(result.get("protocolVersion") or VERSION)[:20]
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    def __exit__(self, *_: object) -> None:
        """A session that the server keeps is given back; one that it ended by itself is no failure."""
        if self._id:
            with suppress(VoiceOpsError):
                self._job.send("DELETE", self._job.config.url, headers=self._headers(), accept_all=True, within=1.0)

    def tools(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        cursor: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            result = self.ask("tools/list", cursor)
            rows = result.get("tools")
            if not isinstance(rows, list):
                raise ToolFailed("The server did not list its tools.")
            found += [row for row in rows if isinstance(row, dict)]
            if not isinstance(result.get("nextCursor"), str) or len(found) >= MOST_TOOLS:
                break
            cursor = {"cursor": result["nextCursor"]}
        return found

    def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The result. Raises ToolFailed for an error of the protocol, and for an answer that is none."""
        self._number += 1
        answer = self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": dict(params)})
        self._id = answer.headers.get("mcp-session-id", self._id)[:500]
        for message in _messages(answer):
            if message.get("id") != self._number:
                continue
            error, result = message.get("error"), message.get("result")
            if isinstance(error, dict):
                raise ToolFailed(f"The server refused: {str(error.get('message', ''))[:300]}", answer.status)
            if isinstance(result, dict):
                return result
        raise ToolFailed("The server’s answer is not one of this protocol.", answer.status)

    def _send(self, message: Mapping[str, Any]) -> outbound.Answer:
        answer = self._job.send(
            "POST", self._job.config.url, headers=self._headers(), json_body=dict(message), accept_all=True
        )
        if answer.status >= 300:
            raise ToolFailed(refusal(answer), answer.status)
        return answer

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json, text/event-stream"}
        key, name = self._job.secrets.key.get_secret_value(), self._job.config.header
        if key:
            headers[name] = f"Bearer {key}" if name.lower() == "authorization" else key
        if self._id:
            headers["Mcp-Session-Id"] = self._id
        if self._number > 1 or self._id:
            headers["MCP-Protocol-Version"] = self._version
        return headers


def _messages(answer: outbound.Answer) -> list[dict[str, Any]]:
    """What is in an answer: one message, several, or a stream of events with one each."""
    if answer.kind == "text/event-stream":
        events = answer.text.replace("\r\n", "\n").split("\n\n")
        texts = [
            "\n".join(line[5:].lstrip() for line in event.split("\n") if line.startswith("data:")) for event in events
        ]
        found = [_as_json(text) for text in texts if text]
    else:
        document = answer.json()
        found = document if isinstance(document, list) else [document]
    return [message for message in found if isinstance(message, dict)]


def _as_json(text: str) -> Any:
    """None for what is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _text(result: Mapping[str, Any]) -> str:
    parts = result.get("content")
    texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"] if isinstance(parts, list) else []  # fmt: skip
    return "\n".join(text for text in texts if isinstance(text, str)).strip()


def _tool(row: Mapping[str, Any], there: Mapping[str, McpTool]) -> McpTool | None:
    """A tool of the server as an operation; None for one that cannot be used."""
    remote, schema = row.get("name"), row.get("inputSchema")
    takes = json.dumps(schema, ensure_ascii=False, indent=1)
    too_much = len(takes) > LONGEST_SCHEMA
    if not isinstance(remote, str) or not 0 < len(remote) <= 200 or too_much or given_by(schema) is None:
        return None
    hints, before = row.get("annotations"), there.get(remote)
    return McpTool(
        name=before.name if before else identifier(remote, "tool"),
        remote=remote,
        about=" ".join(str(row.get("description") or row.get("title") or "").split())[:1_000],
        takes=takes,
        safe=bool(hints.get("readOnlyHint")) if isinstance(hints, dict) else False,
        use=before.use if before else True,
    )


def given_by(schema: Any) -> dict[str, Given] | None:
    """The arguments of a JSON schema by their names there; None when one is needed that nobody says on the phone."""
    properties = schema.get("properties", {}) if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return None
    needed = schema.get("required")
    required = {str(name) for name in needed} if isinstance(needed, list) else set()
    given: dict[str, Given] = {}
    for key, field in list(properties.items())[:30]:
        kind = _kind(field) if isinstance(field, dict) else None
        name = identifier(str(key), "argument")
        if kind is None or name in [one.name for one in given.values()]:
            if key in required:
                return None
            continue
        choices = [str(choice)[:80] for choice in field.get("enum", ()) if choice not in (None, "")][:50]
        given[str(key)] = Given(
            name=name,
            type=kind,
            about=" ".join(str(field.get("description") or field.get("title") or "").split())[:500],
            choices=tuple(choices) if kind == "choice" else (),
            required=key in required,
        )
    return given


_KINDS: dict[str, SlotType] = {"string": "text", "number": "number", "integer": "number", "boolean": "yes_no"}
_FORMATS: dict[str, SlotType] = {"date": "date", "time": "time", "email": "email"}


def _kind(field: Mapping[str, Any]) -> SlotType | None:
    """The kind of answer that a JSON schema means; None for lists and objects."""
    kind = field.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if kind is None and isinstance(field.get("anyOf"), list):
        each = [_kind(one) for one in field["anyOf"] if isinstance(one, dict) and one.get("type") != "null"]
        return each[0] if len(each) == 1 else None
    if kind == "string" and isinstance(field.get("enum"), list) and field["enum"]:
        return "choice"
    if kind == "string" and field.get("format") in _FORMATS:
        return _FORMATS[field["format"]]
    return _KINDS.get(str(kind))
