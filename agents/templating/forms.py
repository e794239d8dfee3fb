"""What people type about templates: their parameters, and the values of an instance."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.html import escape

from agents.forms import CALL_TYPES
from agents.models import Agent, RollOut
from agents.templating.parameters import KINDS, LONGEST, Parameter, Parameters
from agents.templating.propose import Proposal
from tenants.clients.models import Client

SPARE = 2
"""Empty rows for parameters that nobody proposed."""


class ParameterForm(forms.Form):
    keep = forms.BooleanField(label="Use", required=False)
    name = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    label = forms.CharField(label="Parameter", required=False, max_length=80)
    kind = forms.ChoiceField(label="Kind", choices=list(KINDS.items()), required=False)
    stands_for = forms.CharField(
        label="Stands for",
        required=False,
        max_length=5_000,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 1}),
        help_text="What the agent says where each client has its own.",
    )
    default = forms.CharField(
        label="Unless changed", required=False, max_length=5_000, widget=forms.Textarea(attrs={"rows": 1})
    )
    required = forms.BooleanField(label="Has to be given", required=False, initial=True)
    choices = forms.CharField(
        label="Choices",
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One a line.",
    )
    help = forms.CharField(label="Explanation", required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def row(self) -> dict[str, Any] | None:
        """As a parameter is declared; None for a row that is not used."""
        typed = self.cleaned_data
        if not typed.get("keep") or not typed.get("label"):
            return None
        kind = typed["kind"] or "text"
        return {
            "name": typed["name"] or name_of(typed["label"]),
            "label": typed["label"],
            "kind": kind,
            "stands_for": typed["stands_for"],
            "default": typed["default"],
            "required": typed["required"],
            "choices": [line.strip() for line in typed["choices"].splitlines() if line.strip()]
            if kind == "choice"
            else [],
            "help": typed["help"],
        }


ParameterRows = forms.formset_factory(ParameterForm, extra=0, max_num=60, absolute_max=60)


def initial_rows(proposals: Iterable[Proposal]) -> list[dict[str, Any]]:
    rows = [_initial(one.parameter, keep=one.wise) | {"places": one.places} for one in proposals]
    return [*rows, *({"required": True} for _ in range(SPARE))]


def rows_of(parameters: Iterable[Parameter]) -> list[dict[str, Any]]:
    return [*(_initial(one, keep=True) for one in parameters), *({"required": True} for _ in range(SPARE))]


def _initial(parameter: Parameter, *, keep: bool) -> dict[str, Any]:
    return {**parameter.model_dump(), "choices": "\n".join(parameter.choices), "keep": keep}


def declared(rows: Any) -> list[dict[str, Any]]:
    """The parameters of a valid `ParameterRows`."""
    return [row for form in rows.forms if (row := form.row()) is not None]


def name_of(label: str) -> str:
    """“Business name” → business_name."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40].strip("_")
    return name if name[:1].isalpha() else f"p_{name}"[:40].strip("_")


class TemplateForm(forms.Form):
    name = forms.CharField(max_length=120)
    description = forms.CharField(
        label="What it is for", required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 2})
    )


class TemplateDetailsForm(TemplateForm):
    master = forms.ModelChoiceField(
        Agent.objects.none(), empty_label=None, help_text="The agent that the next version is made from."
    )

    def __init__(self, *args: Any, masters: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["master"]
        field.queryset = masters  # type: ignore[attr-defined]
        field.label_from_instance = lambda agent: f"{agent.name}, {agent.client}"  # type: ignore[attr-defined]


class TemplateVersionForm(forms.Form):
    notes = forms.CharField(
        label="What is new",
        required=False,
        max_length=300,
        help_text="Colleagues read it before they roll it out.",
        widget=forms.TextInput(attrs={"placeholder": "Asks for the insurance", "autocomplete": "off"}),
    )


class InstanceForm(forms.Form):
    client = forms.ModelChoiceField(Client.objects.none(), label="For which client", empty_label="Choose a client")
    name = forms.CharField(label="Name of the agent", max_length=120)
    call_type = forms.ChoiceField(label="What kind of calls", choices=CALL_TYPES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, clients: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]


class ValuesForm(forms.Form):
    """A field for each parameter, prefixed. What is wrong with a value is said by the action that uses it: `say`."""

    prefix = "value"

    def __init__(self, *args: Any, parameters: Sequence[Parameter], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for parameter in parameters:
            self.fields[parameter.name] = _field(parameter)

    def say(self, name: str, sentence: str) -> None:
        """This, and nothing else, is wrong with a value."""
        self.errors.pop(name, None)
        self.add_error(name if name in self.fields else None, sentence)

    def typed(self) -> dict[str, str]:
        """As it was typed, whether it is right or not."""
        found: Mapping[str, Any] = self.data
        return {name: str(found.get(self.add_prefix(name), "")) for name in self.fields}


def _field(parameter: Parameter) -> forms.Field:
    about: dict[str, Any] = {
        "label": parameter.label, "required": parameter.required and not parameter.default, "help_text": escape(parameter.help), "initial": parameter.default,
    }  # fmt: skip
    if parameter.kind == "choice":
        empty = [] if parameter.required and parameter.default else [("", "—")]
        return forms.ChoiceField(choices=[*empty, *((choice, choice) for choice in parameter.choices)], **about)
    rows = {"long_text": 4, "hours": 3}.get(parameter.kind)
    attributes = {"phone": {"inputmode": "tel", "placeholder": "+14155550123"}, "number": {"inputmode": "decimal"}}
    widget = (
        forms.Textarea(attrs={"rows": rows})
        if rows
        else forms.TextInput(attrs={"autocomplete": "off", **attributes.get(parameter.kind, {})})
    )
    return forms.CharField(widget=widget, max_length=LONGEST[parameter.kind], **about)


def values_form(parameters: Parameters, values: Mapping[str, str] | None, data: Any = None) -> ValuesForm:
    return ValuesForm(data, parameters=parameters, initial=dict(values or {}))


class RollOutForm(forms.Form):
    rule = forms.ChoiceField(
        label="Where an agent and the template both changed", choices=RollOut.Rule.choices, initial="leave"
    )
    force = forms.BooleanField(label="Also where the agent’s own tests fail", required=False)
