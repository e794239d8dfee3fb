"""What people type about a client and about the agency."""

from __future__ import annotations

from typing import Any

from django import forms

from tenants.clients.actions import ClientDraft
from tenants.clients.models import Client
from tenants.zones import zone_choices
from voiceops.lib import colour


class ColourField(forms.CharField):
    """`#rrggbb`. Any colour is taken; where it cannot be read, pages show the nearest shade that can."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=7, widget=forms.TextInput(attrs={"placeholder": "#2f6f6a"}), **kwargs)

    def clean(self, value: Any) -> str:
        text = str(super().clean(value) or "")
        if not text:
            return ""
        try:
            return colour.write(colour.parse(text))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class ClientForm(forms.Form):
    name = forms.CharField(max_length=120)
    timezone = forms.ChoiceField(label="Time zone", help_text="Its opening hours and daily figures are in it.")
    brand_color = ColourField(label="Colour", required=False, help_text="Empty: the agency’s.")
    monthly_minutes_cap = forms.IntegerField(
        label="Minutes a month, at most",
        required=False,
        min_value=1,
        max_value=10_000_000,
        help_text="When they are used up, new calls are declined until the next month. Empty: no limit.",
    )
    concurrent_calls_cap = forms.IntegerField(
        label="Calls at the same time, at most",
        required=False,
        min_value=1,
        max_value=10_000,
        help_text="One more is declined. Empty: no limit.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"].choices = zone_choices()  # type: ignore[attr-defined]

    def draft(self) -> ClientDraft:
        return ClientDraft(**self.cleaned_data)

    @staticmethod
    def values_of(client: Client) -> dict[str, Any]:
        return {name: getattr(client, name) for name in ClientForm.base_fields}
