"""What people type about agents, besides the script itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from agents.generate import LONGEST_PURPOSE
from agents.generate.cards import Card, cards
from agents.models import Agent
from tenants.clients.models import Client

CALL_TYPES = [
    (Agent.CallType.INBOUND, "Answers calls"),
    (Agent.CallType.OUTBOUND, "Makes calls"),
    (Agent.CallType.BOTH, "Both"),
]
EXAMPLE = (
    "Front desk for a dental practice. Books appointments, answers questions and takes messages. "
    "Open Monday to Friday 8 to 5, at 120 Main Street. Parking is free behind the building."
)


class NewAgentForm(forms.Form):
    call_type = forms.ChoiceField(
        label="What kind of calls", choices=CALL_TYPES, initial=Agent.CallType.INBOUND, widget=forms.RadioSelect
    )
    template = forms.ChoiceField(label="Begin with", required=False)
    client = forms.ModelChoiceField(Client.objects.none(), empty_label=None, label="For which client")
    name = forms.CharField(
        max_length=120, widget=forms.TextInput(attrs={"placeholder": "Front desk", "autocomplete": "off"})
    )
    purpose = forms.CharField(
        label="What should it do?",
        required=False,
        max_length=LONGEST_PURPOSE,
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": EXAMPLE}),
        help_text="In plain words. Hours, address, services and prices become answers.",
    )

    def __init__(self, *args: Any, clients: QuerySet[Client], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]
        self.fields["template"].choices = [("", ""), *((card.name, card.label) for card in cards())]  # type: ignore[attr-defined]

    def cards(self) -> list[Card]:
        return cards()


class DetailsForm(forms.Form):
    name = forms.CharField(max_length=120)
    call_type = forms.ChoiceField(label="What kind of calls", choices=CALL_TYPES, widget=forms.RadioSelect)


class PublishForm(forms.Form):
    notes = forms.CharField(
        label="What changed",
        required=False,
        max_length=300,
        help_text="For colleagues, in the list of versions.",
        widget=forms.TextInput(attrs={"placeholder": "New opening hours", "autocomplete": "off"}),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)
