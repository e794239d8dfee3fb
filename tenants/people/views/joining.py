"""Ways in that are not the sign-in page: an invitation, and the one-time link after an agency's sign-up."""

from __future__ import annotations

from django.contrib.auth import login
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from tenants.people import actions
from tenants.people.forms import AcceptForm
from tenants.people.models import User
from voiceops.lib import signing
from voiceops.lib.errors import InvalidInput, TicketRefused
from voiceops.lib.schema import current_schema

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PURPOSE = "sign-in"
SECONDS = 60


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    invitation = actions.open_invitation(token)
    if invitation is None:
        return render(request, "people/invitation_gone.html", status=404)
    form = AcceptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = actions.accept(token, form.cleaned_data["name"], form.cleaned_data["password"])
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            login(request, person, backend=BACKEND)
            return redirect("/")
    context = {"form": form, "invitation": invitation}
    return render(request, "people/accept.html", context, status=422 if form.errors else 200)


def arrival_link(schema: str, person: User) -> str:
    """The path that signs this person in once, within a minute, on the host of their agency."""
    return f"/accounts/arrive/{signing.sign(schema, PURPOSE, str(person.pk), SECONDS)}/"


@never_cache
@require_GET
def arrive(request: HttpRequest, token: str) -> HttpResponse:
    try:
        ticket = signing.read(token, current_schema(), PURPOSE)
        if not cache.add(f"arrival:{ticket.nonce}", 1, SECONDS * 2):
            raise TicketRefused("spent")
    except TicketRefused:
        return redirect("account_login")
    person = User.objects.filter(pk=ticket.subject, is_active=True).first()
    if person is None:
        return redirect("account_login")
    login(request, person, backend=BACKEND)
    return redirect("/")
