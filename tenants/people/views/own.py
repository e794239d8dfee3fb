"""One's own account: profile and API keys."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tenants import access
from tenants.access import Permission
from tenants.people import actions, queries
from tenants.people.forms import KeyForm, ProfileForm
from tenants.people.keys import create_key, revoke_key
from voiceops.lib.errors import InvalidInput


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    person = access.user(request)
    form = ProfileForm(request.POST or None, initial={"name": person.name, "timezone": person.timezone})
    if request.method == "POST" and form.is_valid():
        actions.update_profile(person, form.cleaned_data["name"], form.cleaned_data["timezone"])
        messages.success(request, "Saved.")
        return redirect("profile")
    return render(request, "people/profile.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def api_keys(request: HttpRequest) -> HttpResponse:
    """A new key is on the page that answers its making, and never again."""
    person = access.require(request, Permission.USE_API)
    form, token = KeyForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _, token = create_key(person, form.cleaned_data["name"])
            form = KeyForm()
        except InvalidInput as error:
            form.add_error("name", error.sentence)
    context = {"form": form, "token": token, "keys": queries.keys(person)}
    return render(request, "people/api_keys.html", context, status=422 if form.errors else 200)


@require_POST
def revoke_api_key(request: HttpRequest, key_id: Any) -> HttpResponse:
    person = access.require(request, Permission.USE_API)
    key = queries.keys(person).filter(pk=key_id).first()
    if key is None:
        raise Http404("There is no such key.")
    revoke_key(person, key)
    messages.success(request, f"The key “{key.name}” no longer opens anything.")
    return redirect("api_keys")
