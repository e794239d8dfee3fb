"""A web address: anything that takes a request and answers with JSON.

Scheme, host and port come from the configuration alone; arguments are quoted in the address and typed values in the body.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote_plus, urlencode

from pydantic import Field, SecretStr, field_validator, model_validator

from agents.tools import templating
from agents.tools.kinds.base import KNOWN, Job, Kind, KindAbout, Operation, Pair, Settings, ToolFailed, done, refusal
from agents.tools.kinds.parameters import Given, Mapped
from media_worker.contract.flow.parts import ui
from media_worker.contract.tools import Scalar, ToolOutcome
from voiceops.lib import outbound
from voiceops.lib.errors import AddressRefused, InvalidInput, RemoteUnreachable

SAFE = ("GET", "HEAD")
BUSY = (429, 503)
LONGEST_BODY = 20_000
LONGEST_TOLD = 4_000
_RESERVED = {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "expect", "accept-encoding"}
_PRODUCED = "A header's name has letters, digits and dashes."

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.~-]{0,100}$")]


class HttpConfig(Settings):
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(
        default="GET", title="Method", json_schema_extra=ui("choice")
    )
    url: str = Field(
        min_length=8,
        max_length=2_000,
        title="Address",
        description="https://api.example.com/orders/{{order_number}}",
        json_schema_extra=ui("line", template=True),
    )
    parameters: tuple[Given, ...] = Field(
        default=(), max_length=30, title="What it is given", json_schema_extra=ui("rows", rows="Add an argument")
    )
    headers: tuple[Pair, ...] = Field(
        default=(),
        max_length=20,
        title="Headers",
        description="One a line, “Name: value”. Keys belong below, where they are sealed.",
        json_schema_extra=ui("pairs", template=True, advanced=True),
    )
    auth: Literal["none", "bearer", "basic", "header", "query"] = Field(
        default="none", title="Signs in with", json_schema_extra=ui("choice")
    )
    auth_name: Token = Field(
        default="",
        title="Name of that header, parameter or user",
        json_schema_extra=ui("line", advanced=True),
    )
    body_kind: Literal["none", "json", "form"] = Field(default="none", title="Sends", json_schema_extra=ui("choice"))
    body: str = Field(
        default="",
        max_length=LONGEST_BODY,
        title="JSON",
        description='{"name": "{{name}}", "guests": {{guests}}}. Empty: all arguments by their names.',
        json_schema_extra=ui("prompt", template=True),
    )
    form: tuple[Pair, ...] = Field(
        default=(),
        max_length=40,
        title="Form",
        description="One a line, “name: value”. Empty: all arguments by their names.",
        json_schema_extra=ui("pairs", template=True, advanced=True),
    )
    mapping: tuple[Mapped, ...] = Field(
        default=(),
        max_length=40,
        title="What is kept of the answer",
        json_schema_extra=ui("rows", rows="Keep a value"),
    )
    tell: str = Field(
        default="",
        max_length=1_000,
        title="What the model reads",
        description="{{status}} stands for what was kept. Empty: what was kept, or the whole answer.",
        json_schema_extra=ui("prose", template=True, advanced=True),
    )
    retries: int = Field(
        default=1,
        ge=0,
        le=3,
        title="Tries again",
        description="Only GET, and only when nobody answers or the server is busy.",
        json_schema_extra=ui("number", advanced=True),
    )

    @field_validator("url")
    @classmethod
    def _leads_to_one_host(cls, text: str) -> str:
        text = text.strip()
        if not templating.host_is_fixed(text):
            raise ValueError(
                "The address begins with https:// and a host that is written out: no {{…}} before the path."
            )
        try:
            outbound.checked(templating.in_address(text, {}))
        except (InvalidInput, AddressRefused) as error:
            raise ValueError(error.sentence) from None
        return text

    @field_validator("headers")
    @classmethod
    def _headers_are_ours(cls, headers: tuple[Pair, ...]) -> tuple[Pair, ...]:
        for header in headers:
            if not header.name.isascii() or not header.name.replace("-", "").replace("_", "").isalnum():
                raise ValueError(_PRODUCED)
            if header.name.lower() in _RESERVED:
                raise ValueError(f"The header {header.name} is set by VoiceOps itself.")
        return headers

    @model_validator(mode="after")
    def _goes_together(self) -> HttpConfig:
        if self.auth in ("header", "query", "basic") and not self.auth_name:
            what = {"header": "header", "query": "parameter", "basic": "user"}[self.auth]
            raise ValueError(f"Give the name of the {what} that signs in.")
        if self.auth == "header" and self.auth_name.lower() in _RESERVED:
            raise ValueError(f"The header {self.auth_name} is set by VoiceOps itself.")
        if self.body_kind == "json" and self.body.strip():
            templating.parsed_json(self.body)
        for text in self.texts():
            if templating.unreadable(text) and text is not self.body:
                raise ValueError(f"“{text[:60]}” has braces that name nothing: write {{{{name}}}}.")
        named = [one.name for one in self.parameters]
        if len(named) != len(set(named)):
            raise ValueError("Two arguments have the same name.")
        strangers = templating.unknown(templating.holes(*self.texts()), [*named, *KNOWN])
        if strangers:
            raise ValueError(f"{{{{{strangers[0]}}}}} is not among the arguments.")
        kept = templating.unknown(templating.holes(self.tell), [one.name for one in self.mapping] + named)
        if kept:
            raise ValueError(f"{{{{{kept[0]}}}}} is not kept of the answer, so the model cannot read it.")
        return self

    def texts(self) -> list[str]:
        sent = [self.url, *(pair.value for pair in self.headers)]
        if self.body_kind == "json":
            sent.append(self.body)
        if self.body_kind == "form":
            sent += [pair.value for pair in self.form]
        return sent


class HttpSecrets(Settings):
    secret: SecretStr = Field(
        default=SecretStr(""),
        max_length=8_000,
        title="Key",
        description="The token, the password, or the value of the header or parameter.",
    )


class Http(Kind):
    name = "http"
    about = KindAbout("Web address", "globe", "Asks or tells any system that answers with JSON", "Web")
    Config, Secrets = HttpConfig, HttpSecrets

    def operations(self, config: HttpConfig) -> tuple[Operation, ...]:
        return (
            Operation(
                "",
                "Use",
                "",
                tuple(given.parameter() for given in config.parameters),
                sets=tuple(dict.fromkeys(one.name for one in config.mapping)),
                safe=config.method in SAFE,
            ),
        )

    def run(self, job: Job[HttpConfig, HttpSecrets]) -> ToolOutcome:
        values = {**job.caller.known(), **job.arguments}
        try:
            url, headers, content = request_of(job.config, job.secrets, values, job.arguments)
        except ValueError as error:
            raise ToolFailed(str(error)) from None
        answer = _asked(job, url, headers, content)
        found = understood(answer, needed=bool(job.config.mapping))
        kept = {one.name: one.value_of(found) for one in job.config.mapping}
        missing = [one.name for one in job.config.mapping if one.required and kept[one.name] in (None, "")]
        if missing:
            raise ToolFailed(f"The answer has no “{missing[0]}”.", answer.status)
        return done(_told(job.config, found, kept, job.arguments), kept, answer.status)


def request_of(
    config: HttpConfig, secrets: HttpSecrets, values: Mapping[str, Scalar], arguments: Mapping[str, Scalar]
) -> tuple[str, dict[str, str], bytes]:
    """Address, headers and body. Raises ValueError for a value that may not stand in an address."""
    url = templating.in_address(config.url, values)
    headers = {pair.name: templating.in_header(pair.value, values) for pair in config.headers}
    content = b""
    if config.body_kind == "json":
        document = templating.parsed_json(config.body) if config.body.strip() else None
        body = templating.in_json(document, values) if document is not None else dict(arguments)
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers.setdefault("Content-Type", "application/json")
    elif config.body_kind == "form":
        pairs = [(pair.name, templating.in_text(pair.value, values)) for pair in config.form]
        pairs = pairs or [(name, templating.as_text(value)) for name, value in arguments.items()]
        content = urlencode(pairs).encode()
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    secret = secrets.secret.get_secret_value()
    if config.auth == "bearer":
        headers["Authorization"] = f"Bearer {secret}"
    elif config.auth == "basic":
        pair = f"{config.auth_name}:{secret}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    elif config.auth == "header":
        headers[config.auth_name] = secret
    elif config.auth == "query":
        base, hash_, fragment = url.partition("#")
        url = f"{base}{'&' if '?' in base else '?'}{quote_plus(config.auth_name)}={quote_plus(secret)}{hash_}{fragment}"
    return url, headers, content


def _asked(job: Job[HttpConfig, HttpSecrets], url: str, headers: dict[str, str], content: bytes) -> outbound.Answer:
    """Again, where that is safe, and where nobody answered or the server asked for it."""
    method = job.config.method
    again = job.config.retries if method in SAFE else 0
    while True:
        pause = 0.2
        try:
            answer = job.send(method, url, headers=headers, content=content, accept_all=True)
        except RemoteUnreachable as error:
            if not again or error.arrived or job.left < 1.0:
                raise
        else:
            if answer.status < 300:
                return answer
            pause = _wished(answer)
            if answer.status not in BUSY or not again or pause + 0.5 > job.left:
                raise ToolFailed(refusal(answer), answer.status)
        again -= 1
        time.sleep(min(pause, job.left))


def _wished(answer: outbound.Answer) -> float:
    """Seconds to wait, by its Retry-After; a date counts as “not in this call”."""
    said = str(answer.headers.get("retry-after", "")).strip()
    if not said:
        return 0.5
    return float(said) if said.isascii() and said.isdigit() and len(said) < 6 else 3_600.0


def understood(answer: outbound.Answer, needed: bool) -> Any:
    """The answer's JSON, or its plain text. Raises ToolFailed for a web page, and for nothing where something is needed."""
    text = answer.text.strip()
    if not text:
        if needed:
            raise ToolFailed("The answer was empty.", answer.status)
        return None
    if answer.kind in ("text/html", "application/xhtml+xml") or text[:15].lower().startswith(("<!doctype", "<html")):
        raise ToolFailed("The answer is a web page (HTML), not data. Check the address.", answer.status)
    try:
        return answer.json()
    except outbound.RemoteRefused:
        if needed or answer.kind.endswith(("json", "xml")):
            raise ToolFailed("The answer is not JSON.", answer.status) from None
        if not text.isprintable() and "\ufffd" in text:
            raise ToolFailed("The answer is neither JSON nor text.", answer.status) from None
        return text


def _told(config: HttpConfig, found: Any, kept: Mapping[str, Scalar], arguments: Mapping[str, Scalar]) -> str:
    if config.tell.strip():
        return templating.in_text(config.tell, {**arguments, **kept})
    if kept:
        return json.dumps(kept, ensure_ascii=False)[:LONGEST_TOLD]
    if found is None:
        return "Done."
    whole = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return whole if len(whole) <= LONGEST_TOLD else f"{whole[:LONGEST_TOLD]}… (shortened)"
