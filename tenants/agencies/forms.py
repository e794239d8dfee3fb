"""What people type about an agency."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from tenants.agencies.actions import AgencyDraft
from tenants.agencies.models import Agency
from tenants.agencies.names import clean_name, clean_slug
from tenants.clients.forms import ColourField
from tenants.people.models import User
from tenants.zones import country_choices, zone_choices
from voiceops.lib.errors import InvalidInput


class AgencyForm(forms.Form):
    name = forms.CharField(max_length=120)
    timezone = forms.ChoiceField(label="Time zone", help_text="For people who have not chosen their own.")
    country = forms.ChoiceField(help_text="Phone numbers of this country are shown in their short form.")
    brand_color = ColourField(
        label="Colour", help_text="Buttons and links. It is darkened or lightened to stay readable."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"].choices = zone_choices()  # type: ignore[attr-defined]
        self.fields["country"].choices = country_choices()  # type: ignore[attr-defined]

    def draft(self) -> AgencyDraft:
        return AgencyDraft(**self.cleaned_data)

    @staticmethod
    def values_of(agency: Agency) -> dict[str, Any]:
        return {name: getattr(agency, name) for name in AgencyForm.base_fields}


class SignupForm(forms.Form):
    name = forms.CharField(
        label="Your agency", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    slug = forms.CharField(label="Its address", max_length=60, widget=forms.TextInput(attrs={"autocapitalize": "none"}))
    owner_name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(label="Your e-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(
        strip=False,
        help_text="At least 10 characters; a few words are good.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    attempt = forms.CharField(widget=forms.HiddenInput, min_length=24, max_length=64)

    def clean_name(self) -> str:
        return _or_field_error(clean_name, self.cleaned_data["name"])

    def clean_slug(self) -> str:
        return _or_field_error(clean_slug, self.cleaned_data["slug"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password"):
            person = User(email=data.get("email", ""), name=data.get("owner_name", ""))
            try:
                validate_password(data["password"], person)
            except ValidationError as error:
                self.add_error("password", error)
        return data


def _or_field_error(clean: Any, text: str) -> str:
    try:
        return str(clean(text))
    except InvalidInput as error:
        raise ValidationError(error.sentence) from None
