"""What people type about carriers and numbers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from agents.models import Agent, AgentVersion
from calls.models import CarrierAccount
from calls.numbering.actions import LONGEST_SENTENCE, CarrierDraft, Split, WhenBusy
from calls.reasons import BUSY_NOW
from tenants.clients.models import Client


class CarrierForm(forms.Form):
    label = forms.CharField(max_length=80, label="Name", help_text="How your colleagues know it.", initial="Twilio")
    account_sid = forms.CharField(
        max_length=64,
        label="Account SID",
        help_text="On the first page of Twilio’s console.",
        widget=forms.TextInput(attrs={"placeholder": "AC…", "autocomplete": "off", "spellcheck": "false"}),
    )
    auth_token = forms.CharField(
        max_length=200,
        label="Auth token",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Signs Twilio’s webhooks and places calls. Sealed in your database and never shown again.",
    )
    api_base_url = forms.CharField(
        max_length=300,
        required=False,
        label="Address of the API",
        help_text="Only for a proxy or a regional address. Empty: Twilio’s own.",
        widget=forms.TextInput(attrs={"placeholder": "https://api.twilio.com", "inputmode": "url"}),
    )

    def __init__(self, *args: Any, account: CarrierAccount | None = None, **kwargs: Any) -> None:
        if account is not None:
            known = {"label": account.label, "account_sid": account.account_sid, "api_base_url": account.api_base_url}
            kwargs.setdefault("initial", known)
        super().__init__(*args, **kwargs)
        if account is not None:
            self.fields["auth_token"].required = False
            self.fields["auth_token"].widget.attrs["placeholder"] = "Stored. Type to replace it."

    def draft(self) -> CarrierDraft:
        data = self.cleaned_data
        return CarrierDraft(data["label"], data["account_sid"], data["auth_token"] or None, data["api_base_url"])


class AgentChoice(forms.ModelChoiceField):
    def label_from_instance(self, agent: Any) -> str:
        return f"{agent.client.name}: {agent.name}"


class VersionChoice(forms.ModelChoiceField):
    def label_from_instance(self, version: Any) -> str:
        return f"Version {version.number}" + (f": {version.notes}" if version.notes else "")


class NumberForm(forms.Form):
    number = forms.CharField(
        max_length=32,
        label="Phone number",
        widget=forms.TextInput(attrs={"placeholder": "+1 415 555 0100", "inputmode": "tel", "autocomplete": "off"}),
    )
    account = forms.ModelChoiceField(CarrierAccount.objects.none(), empty_label=None, label="Carried by")
    client = forms.ModelChoiceField(Client.objects.none(), empty_label=None, label="Client")
    agent = AgentChoice(Agent.objects.none(), required=False, empty_label="Nobody yet", label="Answered by")
    label = forms.CharField(max_length=80, required=False, label="Note", help_text="“Main line”, “Ads in spring”.")
    busy_sentence = forms.CharField(
        max_length=LONGEST_SENTENCE,
        required=False,
        label="What the caller is told",
        help_text="In English, by the carrier’s own voice.",
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": BUSY_NOW}),
    )
    busy_transfer_to = forms.CharField(
        max_length=32,
        required=False,
        label="Who takes the call",
        help_text="A phone number. Empty: the call ends after the sentence.",
        widget=forms.TextInput(attrs={"placeholder": "+14155550199", "inputmode": "tel", "autocomplete": "off"}),
    )

    split_version = VersionChoice(
        AgentVersion.objects.none(), required=False, empty_label="The published one only", label="Compare with"
    )
    split_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        required=False,
        label="Share of callers who hear it (%)",
        help_text="A caller always hears the same version.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "placeholder": "10"}),
    )

    def __init__(
        self, *args: Any, clients: QuerySet[Client], agents: QuerySet[Agent], keep: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = CarrierAccount.objects.filter(archived_at=None)  # type: ignore[attr-defined]
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]
        self.fields["agent"].queryset = agents.filter(archived_at=None).select_related("client")  # type: ignore[attr-defined]
        if keep is not None:
            self.fields["number"].disabled = True
            self.fields["number"].required = False
            self.fields["split_version"].queryset = _others(keep)  # type: ignore[attr-defined]
        else:
            for name in ("busy_sentence", "busy_transfer_to", "split_version", "split_percent"):
                del self.fields[name]

    def when_busy(self) -> WhenBusy:
        return WhenBusy(self.cleaned_data["busy_sentence"], self.cleaned_data["busy_transfer_to"])

    def split(self) -> Split | None:
        """None when another agent is chosen: its versions were not on offer."""
        if "agent" in self.changed_data:
            return None
        version, percent = self.cleaned_data["split_version"], self.cleaned_data["split_percent"]
        return Split(version, (percent or 0) if version else 0)


def _others(number: Any) -> QuerySet[AgentVersion]:
    """The versions of the number's agent that are not the published one."""
    if number.agent is None:
        return AgentVersion.objects.none()
    return AgentVersion.objects.filter(agent=number.agent).exclude(pk=number.agent.published_id)


class CallMeForm(forms.Form):
    to = forms.CharField(
        max_length=32,
        label="Your phone number",
        widget=forms.TextInput(attrs={"placeholder": "+1 415 555 0199", "inputmode": "tel", "autocomplete": "tel"}),
        help_text="It rings at once, at your carrier’s price.",
    )
    number = forms.ChoiceField(label="From")

    def __init__(self, *args: Any, agent: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbers = agent.client.numbers.order_by("number").values_list("number", "label")
        self.fields["number"].choices = [  # type: ignore[attr-defined]
            (number, f"{number} ({label})" if label else number) for number, label in numbers
        ]
