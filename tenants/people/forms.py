"""What people type about people."""

from __future__ import annotations

from typing import Any

from django import forms

from tenants.clients.models import Client
from tenants.people.actions import grantable_roles
from tenants.people.models import CLIENT_ROLES, Role, User
from tenants.zones import zone_choices

ROLE_HELP = {
    Role.OWNER: "Everything, and who else is an owner",
    Role.ADMIN: "Everything but the owners",
    Role.BUILDER: "Builds and publishes agents, connects numbers",
    Role.OPERATOR: "Follows live calls, hangs up, places calls",
    Role.ANALYST: "Reads calls, recordings and usage",
    Role.CLIENT_ADMIN: "A client’s own: their calls, usage and API",
    Role.CLIENT_VIEWER: "A client’s own: reads and listens",
}


class RoleForm(forms.Form):
    """`clients` counts for client roles only."""

    role = forms.ChoiceField()
    clients = forms.ModelMultipleChoiceField(
        Client.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="For client roles: whose calls this person sees.",
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role.value, f"{role.label}: {ROLE_HELP[role].lower()}") for role in grantable_roles(actor)
        ]
        self.fields["clients"].queryset = Client.objects.filter(archived_at=None)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("role") in CLIENT_ROLES and not data.get("clients"):
            self.add_error("clients", "Choose the client this person belongs to.")
        return data


class InviteForm(RoleForm):
    email = forms.EmailField(label="E-mail address")
    clients = forms.ModelChoiceField(  # type: ignore[assignment]
        Client.objects.none(),
        required=False,
        label="Client",
        empty_label="None",
        help_text="For client roles: whose calls this person sees.",
    )
    field_order = ("email", "role", "clients")


class AcceptForm(forms.Form):
    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        help_text="At least 10 characters; a few words are good.",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class ProfileForm(forms.Form):
    name = forms.CharField(label="Your name", max_length=120)
    timezone = forms.ChoiceField(
        label="Time zone", required=False, help_text="Times are shown in it. Empty: the agency’s."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"].choices = [("", "The agency’s"), *zone_choices()]  # type: ignore[attr-defined]


class KeyForm(forms.Form):
    name = forms.CharField(label="What will use it?", max_length=80)
