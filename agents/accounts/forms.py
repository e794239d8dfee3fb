"""The form of a provider account, made of the fields its vendor declares. Secrets go in and never come out."""

from __future__ import annotations

from typing import Any

from django import forms

from agents.accounts.actions import AccountDraft
from agents.models import ProviderAccount
from media_worker.contract.spec import Scalar
from media_worker.providers.base import Field, VendorSpec


class AccountForm(forms.Form):
    """`label`, then the vendor's fields. An empty secret keeps the one that is stored."""

    label = forms.CharField(
        max_length=80, label="Name", help_text="How your colleagues know it: “Main key”, “GPU server”."
    )

    def __init__(self, *args: Any, vendor: VendorSpec, account: ProviderAccount | None = None, **kwargs: Any) -> None:
        self.vendor, self.account = vendor, account
        if account is not None:
            given = {"label": account.label, "base_url": account.base_url, **account.account}
            kwargs.setdefault("initial", given)
        super().__init__(*args, **kwargs)
        for field in vendor.account:
            self.fields[field.name] = _made(field, stored=bool(account and account.api_key))

    def draft(self) -> AccountDraft:
        """What was typed. Call it when the form is valid."""
        data = self.cleaned_data
        own: dict[str, Scalar] = {
            field.name: data[field.name]
            for field in self.vendor.account
            if field.name not in ("api_key", "base_url") and data.get(field.name) not in (None, "")
        }
        return AccountDraft(
            vendor=self.vendor.name,
            label=data["label"],
            base_url=data.get("base_url") or "",
            api_key=data.get("api_key") or None,
            account=own,
        )


def _made(field: Field, *, stored: bool) -> forms.Field:
    common: dict[str, Any] = {"label": field.label, "required": field.required, "help_text": field.help}
    if field.kind == "secret":
        placeholder = "Stored. Type to replace it." if stored else ""
        common["required"] = field.required and not stored
        widget = forms.PasswordInput(attrs={"autocomplete": "off", "placeholder": placeholder, "spellcheck": "false"})
        return forms.CharField(max_length=2000, widget=widget, **common)
    if field.kind == "choice":
        return forms.ChoiceField(choices=field.choices, initial=field.default, **common)
    if field.kind == "bool":
        return forms.BooleanField(**(common | {"required": False}), initial=bool(field.default))
    if field.kind == "number":
        return forms.FloatField(min_value=field.min, max_value=field.max, initial=field.default, **common)
    attributes = {"placeholder": "https://", "inputmode": "url"} if field.kind == "url" else {}
    return forms.CharField(
        max_length=300, initial=field.default, widget=forms.TextInput(attrs=attributes), strip=True, **common
    )
