"""People: who works here, and who is invited."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants import access
from tenants.access import Permission
from tenants.people import actions, queries
from tenants.people.forms import InviteForm, RoleForm
from tenants.people.mail import send_invitation
from tenants.people.models import CLIENT_ROLES, Invitation, Role, User
from voiceops.lib.errors import InvalidInput


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    person = access.require(request, Permission.VIEW_PEOPLE)
    search = request.GET.get("q", "").strip()
    context = {
        "rows": queries.people(access.visible(person, User.objects.all()), search),
        "invitations": queries.invitations(access.visible(person, Invitation.objects.all())),
        "search": search,
    }
    return render(request, "people/people.html", context)


@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """On success the link is on the page, once: where no mail arrives, it can be handed over."""
    actor = access.require(request, Permission.MANAGE_PEOPLE)
    form = InviteForm(request.POST or None, actor=actor, initial={"role": Role.BUILDER})
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        client = chosen["clients"] if chosen["role"] in CLIENT_ROLES else None
        try:
            invitation, token = actions.invite(actor, chosen["email"], chosen["role"], client)
        except InvalidInput as error:
            form.add_error("clients" if error.field == "client" else error.field or None, error.sentence)
        else:
            link, sent = send_invitation(request, invitation, token)
            return render(request, "people/invited.html", {"invitation": invitation, "link": link, "sent": sent})
    return render(request, "people/invite.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, person_id: Any) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_PEOPLE)
    shown = access.get(request, User, person_id)
    clients = [membership.client for membership in shown.client_memberships.select_related("client")]
    form = RoleForm(request.POST or None, actor=actor, initial={"role": shown.role, "clients": clients})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_role(actor, shown, form.cleaned_data["role"], form.cleaned_data["clients"])
        except InvalidInput as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, f"{shown} is now {shown_role(form.cleaned_data['role'])}.")
            return redirect("people")
    context = {"shown": shown, "form": form, "clients": clients}
    return render(request, "people/person.html", context, status=422 if form.errors else 200)


def shown_role(role: str) -> str:
    label = Role(role).label
    return f"{'an' if label[0] in 'AO' else 'a'} {label[0].lower()}{label[1:]}"


@require_POST
def deactivate(request: HttpRequest, person_id: Any) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_PEOPLE)
    shown = access.get(request, User, person_id)
    try:
        actions.deactivate(actor, shown)
    except InvalidInput as error:
        messages.error(request, error.sentence)
        return redirect("person", person_id=shown.pk)
    messages.success(request, f"{shown} can no longer sign in.")
    return redirect("people")


@require_POST
def reactivate(request: HttpRequest, person_id: Any) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_PEOPLE)
    shown = access.get(request, User, person_id)
    try:
        actions.reactivate(actor, shown)
        messages.success(request, f"{shown} can sign in again.")
    except InvalidInput as error:
        messages.error(request, error.sentence)
    return redirect("people")


@require_POST
def revoke_invitation(request: HttpRequest, invitation_id: Any) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_PEOPLE)
    invitation = access.get(request, Invitation, invitation_id)
    actions.revoke_invitation(actor, invitation)
    messages.success(request, f"The invitation of {invitation.email} is withdrawn.")
    return redirect("people")
