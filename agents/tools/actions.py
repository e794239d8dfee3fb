"""Keeping tools. Secrets are sealed at rest; no audit row, error or page shows one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from pydantic import SecretStr, TypeAdapter, ValidationError

from agents.models import Tool
from agents.tools.kinds.base import NO_CLIENT, Caller, Kind, Settings
from agents.tools.queries import active, offered_name, offers
from agents.tools.registry import kind as kind_named
from agents.tools.registry import ready_kinds
from agents.tools.templating import unreadable
from agents.tools.using import job_of
from media_worker.contract.flow.parts import Name
from tenants.audit import actions as audit
from tenants.people.models import User
from voiceops.lib.errors import InvalidInput

_name = TypeAdapter(Name)
MOST_TOOLS = 300


@dataclass(frozen=True)
class ToolDraft:
    """What a person typed. `secrets`: those that are empty stay as they are."""

    kind: str
    name: str
    label: str
    failure: str
    client_id: UUID | None = None
    about: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    fills: Mapping[str, str] = field(default_factory=dict)
    mocks: Mapping[str, Any] = field(default_factory=dict)
    waiting: str = ""
    seconds: float = 8.0


class SettingsRefused(InvalidInput):
    """`problems` are (place in the settings, sentence): all of them."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__(problems[0][1], problems[0][0])
        self.problems = problems


def create(actor: User, draft: ToolDraft) -> Tool:
    """Raises InvalidInput, SettingsRefused with every field that is wrong."""
    tool = Tool(kind=draft.kind, client_id=draft.client_id, created_by=actor)
    with transaction.atomic():
        if Tool.objects.filter(archived_at=None).count() >= MOST_TOOLS:
            raise InvalidInput(f"There are {MOST_TOOLS} tools already. Archive some that are not used.")
        _fill(tool, draft)
        tool.save(force_insert=True)
        audit.record(actor, "tool.created", tool, data={"kind": tool.kind, "name": tool.name})
    return tool


def update(actor: User, tool: Tool, draft: ToolDraft) -> Tool:
    """The kind and the client of a tool stay. A key is not sent to another host than the one it was given for."""
    with transaction.atomic():
        tool = Tool.objects.select_for_update().get(pk=tool.pk)
        before = {name: getattr(tool, name) for name in _FIELDS}
        _fill(tool, draft)
        tool.last_error = ""
        tool.save()
        changed = [name for name in _FIELDS if before[name] != getattr(tool, name)]
        audit.record(actor, "tool.changed", tool, data={"changed": changed, "name": tool.name})
    return tool


_FIELDS = ("name", "label", "about", "config", "fills", "mocks", "waiting", "failure", "seconds")


def archive(actor: User, tool: Tool) -> None:
    """Flows that name it cannot be published any more, and in calls it fails in its own words."""
    with transaction.atomic():
        if Tool.objects.filter(pk=tool.pk, archived_at=None).update(archived_at=timezone.now()):
            audit.record(actor, "tool.archived", tool, data={"kind": tool.kind, "name": tool.name})


def connect(actor: User, tool: Tool) -> Tool:
    """Asks the other system what there is, where the kind does that. Raises VoiceOpsError in words."""
    kind = kind_named(tool.kind)
    found = kind.connect(job_of(kind, tool, "", {}, Caller(client_id=tool.client_id or NO_CLIENT)))
    if not found:
        return tool
    with transaction.atomic():
        tool = Tool.objects.select_for_update().get(pk=tool.pk)
        config = checked_config(kind, {**tool.config, **found})
        tool.config = config.model_dump(mode="json")
        tool.save(update_fields=["config", "updated_at"])
        audit.record(actor, "tool.connected", tool, data={"name": tool.name})
    return tool


def _fill(tool: Tool, draft: ToolDraft) -> None:
    try:
        kind = kind_named(tool.kind)
    except KeyError as error:
        raise InvalidInput(str(error.args[0]), "kind") from None
    problems: list[tuple[str, str]] = []
    name = draft.name.strip()
    try:
        tool.name = _name.validate_python(name)
    except ValidationError:
        problems.append(("name", "A name has lower-case letters, digits and underscores, and begins with a letter."))
    tool.label = (" ".join(draft.label.split()) or name.replace("_", " ").capitalize())[:120]
    tool.about, tool.waiting = draft.about.strip()[:1000], draft.waiting.strip()[:300]
    tool.failure = draft.failure.strip()[:300]
    if not tool.failure:
        problems.append(("failure", "Say what callers hear when it does not work: without it they would hear nothing."))
    if not 0.5 <= draft.seconds <= 60:
        problems.append(("seconds", "Between half a second and 60 seconds."))
    tool.seconds = draft.seconds
    config: Settings | None = None
    try:
        config = checked_config(kind, draft.config)
    except SettingsRefused as refused:
        problems += refused.problems
    secrets = {**(tool.secrets or {}), **{name: text for name, text in draft.secrets.items() if text}}
    problems += _wrong_secrets(kind, secrets)
    if config is not None:
        problems += _wrong_audience(kind, tool, config, draft)
        problems += _wrong_operations(kind, tool, config, draft)
        tool.config = config.model_dump(mode="json")
    if problems:
        raise SettingsRefused(problems)
    tool.secrets, tool.mocks = secrets, dict(draft.mocks)
    tool.fills = {place: text.strip() for place, text in draft.fills.items() if text.strip()}


def checked_config(kind: Kind, config: Mapping[str, Any]) -> Settings:
    """Raises SettingsRefused."""
    try:
        return kind.Config.model_validate(dict(config))
    except ValidationError as error:
        raise SettingsRefused([(_place("config", one["loc"]), sentence(one)) for one in error.errors()]) from None


def _wrong_secrets(kind: Kind, secrets: Mapping[str, str]) -> list[tuple[str, str]]:
    try:
        kind.Secrets.model_validate(dict(secrets))
    except ValidationError as error:
        return [(_place("secrets", one["loc"]), sentence(one)) for one in error.errors()]
    return []


def _wrong_audience(kind: Kind, tool: Tool, config: Settings, draft: ToolDraft) -> list[tuple[str, str]]:
    """Whoever may change an address may not have a key sent there that they were never shown."""
    kept = [name for name, text in (tool.secrets or {}).items() if text and not draft.secrets.get(name)]
    if not kept or tool._state.adding:
        return []
    try:
        before = kind.audience(kind.Config.model_validate(tool.config))
    except ValidationError:
        before = ""
    if before == kind.audience(config):
        return []
    return [(f"secrets.{kept[0]}", "It goes to another server than before: give the key again.")]


def _wrong_operations(kind: Kind, tool: Tool, config: Settings, draft: ToolDraft) -> list[tuple[str, str]]:
    operations = kind.operations(config)
    problems: list[tuple[str, str]] = []
    for operation in operations:
        offered = offered_name(draft.name.strip(), operation)
        if len(offered) > 40:
            problems.append(("name", f"Too long: flows would have to call it {offered}, and 40 letters are the most."))
            break
        if clash := _taken(tool, offered):
            problems.append(("name", clash))
            break
    places = {f"{one.name}.{parameter.name}": parameter for one in operations for parameter in one.parameters}
    for place, text in draft.fills.items():
        if text.strip() and place not in places:
            continue
        if unreadable(text):
            problems.append((f"fills.{place}", "It has braces that name nothing: write {{name}}."))
    unfilled = [
        place
        for place, parameter in places.items()
        if parameter.trusted and parameter.source == "model" and not draft.fills.get(place, "").strip()
    ]
    problems += [
        (f"fills.{place}", "This is not for callers to say: fill it by a text or a variable.") for place in unfilled
    ]
    return problems


def _taken(tool: Tool, name: str) -> str:
    if name in {kind.name for kind in ready_kinds()}:
        return f"{name} is what every agent has. Choose another name."
    everywhere = active(tool.client_id).exclude(pk=tool.pk)
    level = everywhere.filter(client=tool.client_id) if tool.client_id else everywhere
    for other in level:
        if name in {one.name for one in offers(other)}:
            return f"The tool “{other.label}” is called {name} already. Choose another name."
    return ""


def _place(begin: str, where: tuple[int | str, ...]) -> str:
    return ".".join([begin, *map(str, where)])


def sentence(error: Any) -> str:
    """What pydantic found, for a person."""
    context = error.get("ctx") or {}
    if isinstance(context.get("error"), ValueError):
        return str(context["error"])
    words = {
        "missing": "This is needed.",
        "string_too_short": "This is needed.",
        "string_too_long": f"At most {context.get('max_length')} characters.",
        "too_short": "At least one is needed.",
        "too_long": f"At most {context.get('max_length')}.",
        "string_pattern_mismatch": "Lower-case letters, digits and underscores only, a letter first.",
        "literal_error": "This is not one of the choices.",
        "extra_forbidden": "There is no such setting.",
        "greater_than_equal": f"At least {context.get('ge')}.",
        "less_than_equal": f"At most {context.get('le')}.",
    }
    return words.get(error["type"], f"{str(error['msg']).rstrip('.')}.")


def without_secrets(kind: Kind, tool: Tool) -> dict[str, bool]:
    """Which secrets are there, by name."""
    held = tool.secrets or {}
    return {
        name: bool(held.get(name))
        for name, info in kind.Secrets.model_fields.items()
        if info.annotation is SecretStr or "SecretStr" in str(info.annotation)
    }
