"""The agency's own settings: name, zone, colour."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tenants import access
from tenants.access import Permission
from tenants.agencies import actions
from tenants.agencies.forms import AgencyForm
from voiceops.lib.errors import InvalidInput


@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_AGENCY)
    agency = request.tenant  # type: ignore[attr-defined]
    form = AgencyForm(request.POST or None, initial=AgencyForm.values_of(agency))
    if request.method == "POST" and form.is_valid():
        try:
            actions.update(actor, agency, form.draft())
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            messages.success(request, "Saved.")
            return redirect("settings")
    return render(request, "settings/agency.html", {"form": form}, status=422 if form.errors else 200)
