"""What people type about where traces go."""

from __future__ import annotations

from typing import Any

from django import forms

from calls.models import TraceDestination
from calls.tracing.actions import Draft

Kind = TraceDestination.Kind
STORED = "Stored. Type to replace."
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class _DestinationForm(forms.Form):
    """`row` is what is stored. A secret that is left empty stays as it is."""

    def __init__(self, *args: Any, row: TraceDestination | None = None, **kwargs: Any) -> None:
        if row is not None:
            known = {
                "address": row.address,
                "public_key": row.public_key,
                "include_transcripts": row.include_transcripts,
            }
            kwargs.setdefault("initial", known)
        super().__init__(*args, **kwargs)
        self._stored = row is not None
        if row is not None and row.secret and any(row.secret.values()):
            self.fields["secret"].widget.attrs["placeholder"] = STORED
            self.fields["secret"].required = False

    def draft(self) -> Draft:
        data = self.cleaned_data
        typed = data["secret"]
        return Draft(
            address=data["address"],
            include_transcripts=data["include_transcripts"],
            public_key=data.get("public_key", ""),
            secret=None if not typed.strip() and self._stored else typed,
        )


def _transcripts() -> forms.BooleanField:
    return forms.BooleanField(
        required=False,
        label="Include what was said",
        help_text="Off: times, models and figures only. On: the words of callers and agents leave this machine.",
    )


class OtlpForm(_DestinationForm):
    address = forms.CharField(
        max_length=300,
        label="Endpoint",
        help_text="OTLP over HTTP. /v1/traces is added where it is missing.",
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://otel.example.com", "inputmode": "url"}),
    )
    secret = forms.CharField(
        max_length=8000,
        required=False,
        label="Headers",
        help_text="One a line. Sealed in your database and never shown again.",
        widget=forms.Textarea(attrs={**_PLAIN, "rows": 3, "placeholder": "Authorization: Bearer …"}),
    )
    include_transcripts = _transcripts()


class LangfuseForm(_DestinationForm):
    address = forms.CharField(
        max_length=300,
        label="Host",
        initial="https://cloud.langfuse.com",
        help_text="Langfuse’s cloud, or your own server.",
        widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "url"}),
    )
    public_key = forms.CharField(
        max_length=120, label="Public key", widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "pk-lf-…"})
    )
    secret = forms.CharField(
        max_length=200,
        label="Secret key",
        help_text="Of the project that the calls shall appear in. Sealed in your database and never shown again.",
        widget=forms.PasswordInput(attrs={**_PLAIN, "placeholder": "sk-lf-…"}),
    )
    include_transcripts = _transcripts()


FORMS: dict[str, type[_DestinationForm]] = {Kind.OTLP: OtlpForm, Kind.LANGFUSE: LangfuseForm}
