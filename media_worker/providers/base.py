"""What a vendor of models declares about itself. Plain dataclasses: Django makes settings forms of them.

A declaration imports nothing heavy; a talent's `build` imports pipecat inside itself. The account's secret and address
live in `Provider.api_key` and `Provider.base_url` when the fields are named `api_key` and `base_url`, every other field
of an account in `Provider.account`, and a talent's options in `Provider.options`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import SecretStr

from media_worker.contract.flow import SlotType
from media_worker.contract.spec import CallSpec, Provider, Scalar

TalentName: TypeAlias = Literal["stt", "llm", "tts", "s2s"]
Kind: TypeAlias = Literal["text", "secret", "url", "number", "choice", "bool"]

LONGEST_SECRET = 8000
"""A service account's JSON is a key of some 2,400 characters."""


class ProviderUnavailable(RuntimeError):
    """A talent cannot be built. The message says what to do; `permanent` when trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool = True) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True)
class Field:
    """One input of a settings form. `min` and `max` bound numbers; an empty optional field means its default."""

    name: str
    label: str
    kind: Kind = "text"
    required: bool = False
    default: Scalar = None
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True)
class Expectation:
    """What a caller may say next, for ears that can be told.

    `phrases` are whole sentences, `key_phrases` words that settle the matter wherever they stand, `slot` the kind of
    value that was asked for (with its `choices`), `open` when anything at all is a fair answer. `openers` are those of the phrases
    after which a value of a `volunteered` kind may follow at once (“book an appointment for Thursday”).
    """

    phrases: tuple[str, ...] = ()
    key_phrases: tuple[str, ...] = ()
    slot: SlotType | None = None
    choices: tuple[str, ...] = ()
    volunteered: tuple[SlotType, ...] = ()
    openers: tuple[str, ...] = ()
    open: bool = False


@dataclass(frozen=True)
class Tool:
    """A tool as a model sees it. `parameters` is the JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class BuildContext:
    """What a builder may know of the call: its spec, the pipeline's rate in Hz, and what is expected right now."""

    spec: CallSpec
    sample_rate: int = 8000
    expects: Callable[[], Expectation] = Expectation


Build: TypeAlias = Callable[[Provider, BuildContext], Any]
Check: TypeAlias = Callable[[Mapping[str, Scalar], str], str]
"""A sentence about options that do not go together, or not with the agent's language; empty when all is well."""


@dataclass(frozen=True)
class Stt:
    """`streaming`: hears while the caller speaks; otherwise gets one segment per utterance. `guided`: uses `expects`."""

    build: Build
    options: tuple[Field, ...] = ()
    languages: tuple[str, ...] = ()
    streaming: bool = False
    interim: bool = False
    guided: bool = False
    note: str = ""
    check: Check | None = None


@dataclass(frozen=True)
class Llm:
    """`build` is None for the built-in engine: the flow's runner answers every turn itself."""

    build: Build | None
    options: tuple[Field, ...] = ()
    languages: tuple[str, ...] = ()
    streaming: bool = True
    tools: bool = True
    completions: bool = False
    """It speaks OpenAI's chat completions at the account's address, or at the probe's `base`."""
    note: str = ""


@dataclass(frozen=True)
class Tts:
    build: Build
    options: tuple[Field, ...] = ()
    languages: tuple[str, ...] = ()
    streaming: bool = True
    word_timestamps: bool = False
    note: str = ""
    check: Check | None = None


@dataclass(frozen=True)
class S2s:
    """One model that hears, thinks and speaks. It is an LLM to pipecat, which takes and gives sound."""

    build: Build
    options: tuple[Field, ...] = ()
    languages: tuple[str, ...] = ()
    tools: bool = True
    note: str = ""


Talent: TypeAlias = Stt | Llm | Tts | S2s

GATEWAY = Field("base_url", "Address", "url", help="Only for a gateway of your own; empty: the vendor's.")


def thinking_options(model: str, hint: str, hottest: float = 2) -> tuple[Field, ...]:
    """What every language model is asked for."""
    return (
        Field("model", "Model", default=model, help=hint),
        Field("temperature", "Temperature", "number", min=0, max=hottest, help="Empty: the model's own."),
        Field("max_tokens", "Longest reply, in tokens", "number", default=400, min=16, max=4096),
    )


@dataclass(frozen=True)
class Probe:
    """A request that costs nothing and needs the key: it tells without a call whether an account works.

    `base` is where the request goes when the account names no address (`ws` counts as `http`); `{region}` in `base` or
    `path` stands for the account's field of that name. The key goes into `header` behind `scheme`, or, when `query` is
    set, into that parameter of the address. `headers` go along as they are, `account_headers` are (field, header).
    `lists` is where the answer's JSON holds a list of what there is; empty: any answer below 300 will do.
    """

    path: str = "/models"
    base: str = ""
    header: str = "Authorization"
    scheme: str = "Bearer"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    account_headers: tuple[tuple[str, str], ...] = ()
    lists: str = "data"
    elsewhere: bool = False
    """`base` is another server than the one calls go to: an account with an address of its own cannot be tested."""
    unless: str = ""
    """A field of the account that, when it is set, stands for having no server to ask."""


@dataclass(frozen=True)
class VendorSpec:
    """A vendor. `probe` None: its accounts cannot be tested without a call. `local` when no sound and no word leaves the agency's machines; empty `languages` mean any."""

    name: str
    label: str
    account: tuple[Field, ...] = ()
    stt: Stt | None = None
    llm: Llm | None = None
    tts: Tts | None = None
    s2s: S2s | None = None
    local: bool = False
    note: str = ""
    probe: Probe | None = None

    def talent(self, name: TalentName) -> Talent | None:
        talents: dict[TalentName, Talent | None] = {"stt": self.stt, "llm": self.llm, "tts": self.tts, "s2s": self.s2s}
        return talents[name]

    def talents(self) -> tuple[TalentName, ...]:
        return tuple(name for name in ("stt", "llm", "tts", "s2s") if self.talent(name))

    def validate_account(self, provider: Provider) -> list[str]:
        """Sentences for a form, empty when the account is complete and well formed."""
        given: dict[str, Scalar | SecretStr] = dict(provider.account)
        given |= {"api_key": provider.api_key, "base_url": provider.base_url}
        return _wrong(self.account, given, extra=set(provider.account))


def key_of(provider: Provider, vendor: VendorSpec) -> str:
    """The account's key. Raises ProviderUnavailable where it has none."""
    if provider.api_key is None or not provider.api_key.get_secret_value():
        raise ProviderUnavailable(f"The account of {vendor.label} has no key.")
    return provider.api_key.get_secret_value()


def address_of(provider: Provider, vendor: VendorSpec) -> str:
    """The account's own address, without the last slash. The usual address of a local server is only what a form begins
    with: the control plane decides which addresses an agency may use, and an empty one was never looked at."""
    if not provider.base_url:
        raise ProviderUnavailable(f"The account of {vendor.label} has no address.")
    return provider.base_url.rstrip("/")


def missing(extra: str, vendor: str) -> ProviderUnavailable:
    """For an `except ImportError`: which of the optional parts to install."""
    return ProviderUnavailable(f'{vendor} needs a part that is not installed: pip install "voiceops[{extra}]".')


def validate_options(vendor: VendorSpec, provider: Provider, talent: TalentName) -> list[str]:
    """Sentences for a form, empty when `provider` may be used with this vendor for this talent."""
    spec = vendor.talent(talent)
    if spec is None:
        return [f"{vendor.label} has no {talent.upper()}."]
    return vendor.validate_account(provider) + _wrong(spec.options, provider.options, extra=set(provider.options))


def option(provider: Provider, talent: Talent, name: str) -> Scalar:
    """The value of an option, or its default when it was left empty. Raises KeyError for an undeclared name."""
    field = next((field for field in talent.options if field.name == name), None)
    if field is None:
        raise KeyError(name)
    value = provider.options.get(name)
    return field.default if value is None or value == "" else value


def number(provider: Provider, talent: Talent, name: str) -> float:
    """Like `option`, as a number inside the field's bounds; a value that is none counts as left empty."""
    field = next(field for field in talent.options if field.name == name)
    value = _as_number(option(provider, talent, name))
    if value is None:
        value = _as_number(field.default) or 0.0
    if field.min is not None:
        value = max(value, field.min)
    return min(value, field.max) if field.max is not None else value


def _wrong(fields: tuple[Field, ...], given: Any, extra: set[str]) -> list[str]:
    known = {field.name for field in fields}
    sentences = [f"There is no setting called “{name}”." for name in sorted(extra - known)]
    for field in fields:
        value = given.get(field.name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is None or value == "":
            if field.required and field.default is None:
                sentences.append(f"{field.label} is missing.")
            continue
        sentence = _check(field, value)
        if sentence:
            sentences.append(sentence)
    return sentences


def _check(field: Field, value: Scalar) -> str:
    if field.kind == "number":
        size = _as_number(value)
        if size is None:
            return f"{field.label} has to be a number."
        if field.min is not None and size < field.min:
            return f"{field.label} is at least {field.min:g}."
        if field.max is not None and size > field.max:
            return f"{field.label} is at most {field.max:g}."
    elif field.kind == "choice":
        if str(value) not in {choice for choice, _ in field.choices}:
            return f"{field.label}: “{str(value)[:40]}” is not one of the choices."
    elif field.kind == "bool":
        if not isinstance(value, bool):
            return f"{field.label} is either on or off."
    elif field.kind == "url":
        return _check_url(field, str(value))
    elif field.kind == "secret":
        if len(str(value)) > LONGEST_SECRET or any(ord(c) < 32 and c not in "\r\n\t" for c in str(value)):
            return f"{field.label} is too long or has characters that cannot be used."
    elif len(str(value)) > 2000 or any(ord(c) < 32 for c in str(value)):
        return f"{field.label} is too long or has characters that cannot be used."
    return ""


def _check_url(field: Field, value: str) -> str:
    try:
        url = urlsplit(value)
        proper = url.scheme in ("http", "https") and bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        proper = False
    if not proper:
        return f"{field.label} has to be an address that begins with http:// or https://."
    if url.username or url.password:
        return f"{field.label} must not hold a user name or password."
    return ""


def _as_number(value: Scalar) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        size = float(value)
    except ValueError:
        return None
    return size if size == size and abs(size) != float("inf") else None
