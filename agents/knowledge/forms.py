"""What people type about a knowledge base."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from agents.knowledge.queries import embedding_accounts
from agents.languages import languages
from agents.models import KnowledgeBase, ProviderAccount
from agents.models.knowledge import THRESHOLD
from tenants.clients.models import Client


class BaseForm(forms.Form):
    label = forms.CharField(
        label="Name",
        max_length=80,
        widget=forms.TextInput(attrs={"placeholder": "Price list and opening hours", "autocomplete": "off"}),
    )
    language = forms.ChoiceField(help_text="The language of the documents: endings of words are read by its rules.")
    account = forms.ChoiceField(
        label="Find by meaning with",
        required=False,
        help_text="Embeddings find other words for the same thing. The text of the documents and the callers’ questions go to this account.",
    )
    model = forms.CharField(
        max_length=120,
        required=False,
        label="Embedding model",
        help_text="As the server calls it.",
        widget=forms.TextInput(attrs={"placeholder": "text-embedding-3-small", "autocomplete": "off"}),
    )
    dimensions = forms.IntegerField(
        required=False,
        min_value=8,
        max_value=3072,
        help_text="Only for models that can give fewer. Empty: the model’s own.",
    )
    threshold = forms.FloatField(
        min_value=0.0,
        max_value=1.0,
        initial=THRESHOLD,
        help_text="From 0 to 1. Below this score the agent says that it does not know. Try questions to find it.",
        widget=forms.NumberInput(attrs={"step": "0.01"}),
    )

    def __init__(self, *args: Any, base: KnowledgeBase | None = None, **kwargs: Any) -> None:
        if base is not None:
            kwargs["initial"] = {
                "label": base.label,
                "language": base.language,
                "account": str(base.account_id or ""),
                "model": base.model,
                "dimensions": base.dimensions,
                "threshold": round(base.threshold, 3),
            }
        super().__init__(*args, **kwargs)
        self._accounts = {str(account.pk): account for account in embedding_accounts()}
        chosen = base.language if base else "en"
        _choices(self, "language", languages(chosen))
        _choices(
            self,
            "account",
            [("", "Nothing: by words alone"), *((key, account.label) for key, account in self._accounts.items())],
        )
        self.initial.setdefault("language", "en")

    def clean_account(self) -> ProviderAccount | None:
        return self._accounts.get(self.cleaned_data["account"])


class NewBaseForm(BaseForm):
    client = forms.ChoiceField(help_text="Only this client’s agents can read it.")
    field_order = ("client", "label", "language", "account", "model", "dimensions", "threshold")

    def __init__(self, *args: Any, clients: Sequence[Client], chosen: UUID | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clients = {str(client.pk): client for client in clients}
        _choices(self, "client", [(key, client.name) for key, client in self._clients.items()])
        if chosen is not None:
            self.initial["client"] = str(chosen)

    def clean_client(self) -> Client:
        return self._clients[self.cleaned_data["client"]]


class PagesForm(forms.Form):
    urls = forms.CharField(
        label="Addresses",
        help_text="One a line, up to 200. What a site keeps from programs (robots.txt) is not read.",
        widget=forms.Textarea(attrs={"rows": 6, "placeholder": "https://www.example.com/prices"}),
    )
    follow = forms.TypedChoiceField(
        label="Linked pages",
        coerce=int,
        initial=0,
        choices=[
            (0, "Only these pages"),
            (20, "Up to 20 more of the same site, from each"),
            (100, "Up to 100 more of the same site, from each"),
        ],
    )


def _choices(form: forms.Form, name: str, choices: Sequence[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)
