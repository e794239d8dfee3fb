"""The form of a provider account, made of the fields its vendor declares. Secrets go in and never come out."""

from __future__ import annotations

from typing import Any

from django import forms

from agents.accounts.actions import AccountDraft
from agents.accounts.keys import LONGEST_KEY, KeyDraft
from agents.models import ProviderAccount, ProviderKey
from media_worker.contract.spec import Scalar
from media_worker.providers.base import Field, VendorSpec


class AccountForm(forms.Form):
    """`label`, then the vendor's fields. The key is asked for once: later it is one of the account's keys."""

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
            if account is None or field.name != "api_key":
                self.fields[field.name] = _made(field)

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


def _made(field: Field) -> forms.Field:
    common: dict[str, Any] = {"label": field.label, "required": field.required, "help_text": field.help}
    if field.kind == "secret":
        return forms.CharField(max_length=LONGEST_KEY, widget=_secret_input(), **common)
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


def _secret_input(placeholder: str = "") -> forms.PasswordInput:
    return forms.PasswordInput(attrs={"autocomplete": "off", "placeholder": placeholder, "spellcheck": "false"})


class KeyForm(forms.Form):
    """One key of an account's pool. An empty secret keeps the one that is stored."""

    alias = forms.CharField(max_length=80, label="Name", help_text="Shown in traces of calls: “Main”, “Team B”.")
    secret = forms.CharField(max_length=LONGEST_KEY, label="Key", required=False)
    weight = forms.IntegerField(
        min_value=1, max_value=100, initial=1, help_text="Its share of the calls. 2 takes twice as many as 1."
    )
    limit = forms.IntegerField(
        min_value=1, max_value=100_000, required=False, label="Most live calls", help_text="Empty: no limit."
    )

    def __init__(self, *args: Any, key: ProviderKey | None = None, alias: str = "", **kwargs: Any) -> None:
        given = {"alias": key.alias, "weight": key.weight, "limit": key.limit} if key else {"alias": alias}
        kwargs["initial"] = given
        super().__init__(*args, **kwargs)
        self.fields["secret"].required = key is None
        self.fields["secret"].widget = _secret_input("Stored. Paste another to replace it." if key else "")

    def draft(self) -> KeyDraft:
        """What was typed. Call it when the form is valid."""
        data = self.cleaned_data
        return KeyDraft(data["alias"], data["secret"] or "", data["weight"], data["limit"])
