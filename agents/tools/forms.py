"""The form of a tool, made of what its kind declares. Secrets go in and never come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.html import escape

from agents.flow.form import identifier
from agents.models import Tool
from agents.tools import fields
from agents.tools.actions import SettingsRefused, ToolDraft, without_secrets
from agents.tools.fields import Declared
from agents.tools.kinds.base import Kind, Operation
from agents.tools.queries import offers
from tenants.clients.models import Client

FAILURE = "I am sorry, I cannot look that up just now."


@dataclass(frozen=True)
class Row:
    """`place` is what the button that removes it sends."""

    place: str
    fields: Sequence[BoundField]


@dataclass(frozen=True)
class Setting:
    """One field of the configuration: an input, or rows of them."""

    place: str
    title: str
    help: str
    advanced: bool
    input: BoundField | None = None
    rows: Sequence[Row] = ()
    add: str = ""
    errors: Sequence[str] = ()


class ToolForm(forms.Form):
    use_required_attribute = False
    label = forms.CharField(
        max_length=120,
        label="Title",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Order status"}),
    )
    name = forms.CharField(
        max_length=40, required=False, label="Name in flows",
        help_text="Lower-case letters, digits and underscores. Empty: made of the title.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    client = forms.ChoiceField(label="For", required=False)
    about = forms.CharField(
        max_length=1000, required=False, label="What it does",
        help_text="For the language model: when to use it, and what it gets.", widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    waiting = forms.CharField(
        max_length=300, required=False, label="Says while it runs", help_text="Empty: nothing is said.",
        widget=forms.TextInput(attrs={"placeholder": "One moment, I will look that up."}),
    )  # fmt: skip
    failure = forms.CharField(
        max_length=300, label="Says when it does not work", initial=FAILURE,
        help_text="Callers never wait in silence: no tool is without this line.",
    )  # fmt: skip
    seconds = forms.FloatField(
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        min_value=0.5,
        max_value=60,
        initial=8,
        label="Waits at most (seconds)",
        help_text="Then it counts as failed.",
    )

    def __init__(
        self, *args: Any, kind: Kind, tool: Tool | None = None, clients: Sequence[Client] = (), **kwargs: Any
    ) -> None:
        self.kind, self.tool = kind, tool
        config: dict[str, Any] = dict(tool.config) if tool else {}
        initial = kwargs.setdefault("initial", {})
        if tool is not None:
            for name in ("label", "name", "about", "waiting", "failure", "seconds"):
                initial.setdefault(name, getattr(tool, name))
            initial["seconds"] = f"{tool.seconds:g}"
        super().__init__(*args, **kwargs)
        if tool is not None:
            del self.fields["client"]
        else:
            self.fields["client"].choices = [  # type: ignore[attr-defined]
                ("", "All clients"), *((str(client.pk), client.name) for client in clients),
            ]  # fmt: skip
        self._places: dict[str, list[int]] = {}
        for field in fields.declared(kind.Config):
            self._add(field, config)
        held = without_secrets(kind, tool) if tool else {}
        for field in fields.declared(kind.Secrets):
            stored = "Stored. Paste another to replace it." if held.get(field.name) else ""
            self.fields[f"secrets.{field.name}"] = forms.CharField(
                label=field.title, help_text=field.help, required=False, max_length=8_000,
                widget=forms.PasswordInput(
                    attrs={"autocomplete": "off", "placeholder": stored, "spellcheck": "false"}
                ),
            )  # fmt: skip
        for operation in self.operations:
            self._add_operation(operation)

    # ── the configuration ────────────────────────────────────────────────────────────────────────

    def _add(self, field: Declared, config: Mapping[str, Any]) -> None:
        place = f"config.{field.name}"
        value = config.get(field.name, field.default)
        if not field.rows:
            self.fields[place] = fields.made(field)
            self.initial[place] = fields.shown(field, value)
            return
        rows = [row if isinstance(row, dict) else row.model_dump() for row in value or ()]
        numbers = fields.row_numbers(self.data, place) if self.is_bound else list(range(len(rows)))
        self._places[place] = numbers
        for number in numbers:
            given = rows[number] if not self.is_bound and number < len(rows) else {}
            self._add_row(field, place, number, given)

    def _add_row(self, field: Declared, place: str, number: int, given: Mapping[str, Any]) -> None:
        for inner in fields.declared(field.row):
            name = f"{place}.{number}.{inner.name}"
            self.fields[name] = fields.made(inner, in_row=True)
            self.initial[name] = fields.shown(inner, given.get(inner.name, inner.default))

    def reshape(self, add: str, remove: str) -> None:
        """One row more or less, before the form is shown again."""
        by_place = {f"config.{field.name}": field for field in fields.declared(self.kind.Config) if field.rows}
        if add in by_place and len(self._places[add]) < fields.MOST_ROWS:
            number = max(self._places[add], default=-1) + 1
            self._places[add].append(number)
            assert isinstance(self.data, QueryDict)
            data = self.data.copy()
            for inner in fields.declared(by_place[add].row):
                default = fields.shown(inner, inner.default)
                if default not in ("", False):
                    data[f"{add}.{number}.{inner.name}"] = default
            self.data = data
            self._add_row(by_place[add], add, number, {})
        place, _, number_text = remove.rpartition(".")
        if place in by_place and number_text.isdigit() and int(number_text) in self._places[place]:
            self._places[place].remove(int(number_text))
            for inner in fields.declared(by_place[place].row):
                del self.fields[f"{remove}.{inner.name}"]

    # ── what is shown ────────────────────────────────────────────────────────────────────────────

    @property
    def operations(self) -> Sequence[Operation]:
        """Of the tool as it is stored: what it can do may depend on its settings."""
        return [one.operation for one in offers(self.tool)] if self.tool else ()

    def basics(self) -> list[BoundField]:
        return [self[name] for name in ("label", "name", "client", "about") if name in self.fields]

    def spoken(self) -> list[BoundField]:
        return [self[name] for name in ("waiting", "failure", "seconds")]

    def secrets(self) -> list[BoundField]:
        return [self[name] for name in self.fields if name.startswith("secrets.")]

    def settings(self) -> list[Setting]:
        return [one for one in self._settings() if not one.advanced]

    def advanced(self) -> list[Setting]:
        return [one for one in self._settings() if one.advanced]

    def open_advanced(self) -> bool:
        return any(one.errors or (one.input is not None and one.input.errors) for one in self.advanced())

    def _settings(self) -> Iterator[Setting]:
        for field in fields.declared(self.kind.Config):
            place = f"config.{field.name}"
            if not field.rows:
                yield Setting(place, field.title, field.help, field.advanced, self[place])
                continue
            rows = [
                Row(f"{place}.{n}", [self[f"{place}.{n}.{inner.name}"] for inner in fields.declared(field.row)])
                for n in self._places[place]
            ]
            yield Setting(
                place, field.title, field.help, field.advanced, None, rows, field.rows, self._row_errors.get(place, ())
            )

    @property
    def _row_errors(self) -> dict[str, list[str]]:
        return getattr(self, "_said_of_rows", {})

    def filled(self) -> list[BoundField]:
        return [self[name] for name in self.fields if name.startswith("fills.")]

    def mocks(self) -> list[tuple[str, list[BoundField]]]:
        return [
            (one.label, [self[f"mocks.{one.name}.{part}"] for part in ("ok", "text", "variables")])
            for one in self.operations
        ]

    def _add_operation(self, operation: Operation) -> None:
        tool = self.tool
        assert tool is not None
        declares_its_own = "parameters" in self.kind.Config.model_fields
        for parameter in operation.parameters if not declares_its_own else ():
            place = f"fills.{operation.name}.{parameter.name}"
            words = f"{operation.label}: {parameter.name}" if operation.name else parameter.name
            self.fields[place] = forms.CharField(
                label=words.replace("_", " "), help_text=escape(parameter.about), required=False, max_length=2_000,
                widget=forms.TextInput(
                    attrs={"placeholder": _filled_by(parameter.source), "autocomplete": "off"}
                ),
            )  # fmt: skip
            self.initial[place] = tool.fills.get(place.removeprefix("fills."), "")
        said = tool.mocks.get(operation.name) or {}
        at = f"mocks.{operation.name}"
        self.fields[f"{at}.ok"] = forms.ChoiceField(
            label="In tests and tries", required=False,
            choices=[("", "Nothing is used in its place"), ("ok", "It works, and answers"), ("failed", "It fails, and says")],
        )  # fmt: skip
        self.fields[f"{at}.text"] = forms.CharField(label="What the model reads", required=False, max_length=4_000)
        self.fields[f"{at}.variables"] = forms.CharField(
            label="Variables", required=False, max_length=4_000, help_text="One a line, “name: value”.",
            widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        )  # fmt: skip
        self.initial[f"{at}.ok"] = "" if not said else "ok" if said.get("ok", True) else "failed"
        self.initial[f"{at}.text"] = said.get("text", "")
        self.initial[f"{at}.variables"] = "\n".join(f"{k}: {v}" for k, v in (said.get("variables") or {}).items())

    # ── what was typed ───────────────────────────────────────────────────────────────────────────

    def draft(self) -> ToolDraft:
        """Call it when the form is valid."""
        data = self.cleaned_data
        client = self.tool.client_id if self.tool else (UUID(data["client"]) if data.get("client") else None)
        return ToolDraft(
            kind=self.kind.name,
            name=data["name"] or identifier(data["label"], "tool"),
            label=data["label"],
            failure=data["failure"],
            client_id=client,
            about=data["about"],
            config=self._config(),
            secrets={
                name.removeprefix("secrets."): data[name]
                for name in self.fields
                if name.startswith("secrets.") and data[name]
            },
            fills={name.removeprefix("fills."): data[name] for name in self.fields if name.startswith("fills.")},
            mocks={one.name: mock for one in self.operations if (mock := self._mock(one))},
            waiting=data["waiting"],
            seconds=data["seconds"],
        )

    def _config(self) -> dict[str, Any]:
        """Blank rows are left out; `_kept_rows` remembers which are there, so that what is wrong with one is shown there."""
        config: dict[str, Any] = {}
        self._kept_rows: dict[str, list[int]] = {}
        for field in fields.declared(self.kind.Config):
            place = f"config.{field.name}"
            if not field.rows:
                value = fields.typed(field, self.cleaned_data.get(place))
                if value != "" or isinstance(field.default, str):
                    config[field.name] = value
                continue
            inner = list(fields.declared(field.row))
            rows: list[dict[str, Any]] = []
            kept: list[int] = []
            for number in self._places[place]:
                row = {
                    one.name: fields.typed(one, self.cleaned_data.get(f"{place}.{number}.{one.name}")) for one in inner
                }
                if not fields.is_blank(row, inner):
                    rows.append({name: value for name, value in row.items() if value != ""})
                    kept.append(number)
            config[field.name], self._kept_rows[place] = rows, kept
        return config

    def _mock(self, operation: Operation) -> dict[str, Any] | None:
        at, data = f"mocks.{operation.name}", self.cleaned_data
        if not data[f"{at}.ok"]:
            return None
        pairs = (line.partition(":") for line in data[f"{at}.variables"].splitlines() if line.strip())
        variables = {name.strip(): value.strip() for name, _, value in pairs if name.strip() in operation.sets}
        return {"ok": data[f"{at}.ok"] == "ok", "text": data[f"{at}.text"], "variables": variables}

    def refuse(self, refused: SettingsRefused) -> None:
        """Each sentence beside the input it is about."""
        self._said_of_rows: dict[str, list[str]] = {}
        for place, sentence in refused.problems:
            name = self._shown_at(place)
            if name in self.fields:
                self.add_error(name, sentence)
            elif name in self._places:
                self._said_of_rows.setdefault(name, []).append(sentence)
            else:
                self.add_error(None, sentence)

    def _shown_at(self, place: str) -> str:
        parts = place.split(".")
        top = ".".join(parts[:2])
        if len(parts) > 2 and top in self._places and parts[2].isdigit():
            kept = getattr(self, "_kept_rows", {}).get(top, [])
            number = int(parts[2])
            row = f"{top}.{kept[number]}" if number < len(kept) else top
            wanted = f"{row}.{parts[3]}" if len(parts) > 3 else row
            return wanted if wanted in self.fields else top
        return place if place in self.fields else top


def _filled_by(source: str) -> str:
    return {"model": "Filled by the conversation", "variable": "Filled by a variable", "fixed": "Fixed"}[source]
