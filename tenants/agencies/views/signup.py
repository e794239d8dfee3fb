"""Opening an agency, on the platform's own host: a form, its progress, and in."""

from __future__ import annotations

import logging
import secrets

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_tenants.utils import schema_context
from kombu.exceptions import OperationalError

from tenants.agencies import actions
from tenants.agencies.actions import Owner
from tenants.agencies.forms import SignupForm
from tenants.agencies.models import Agency, Signup
from tenants.agencies.names import clean_slug, is_free
from tenants.agencies.tasks import build
from tenants.audit.request import address_of
from tenants.people.models import User
from tenants.people.views.joining import arrival_link
from voiceops.lib.errors import InvalidInput

logger = logging.getLogger(__name__)
SIGNUPS_AN_HOUR = 20


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    form = SignupForm(request.POST or None, initial={"attempt": secrets.token_urlsafe(24)})
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        owner = Owner(chosen["owner_name"], chosen["email"], chosen["password"])
        try:
            _spend_one(request)
            agency = actions.reserve(chosen["name"], chosen["slug"], owner, token=chosen["attempt"])
        except InvalidInput as error:
            if _sent_before(chosen["attempt"], chosen["slug"]):
                return redirect("signup_progress", token=chosen["attempt"])
            form.add_error(error.field or None, error.sentence)
        else:
            _start(agency.pk)
            return redirect("signup_progress", token=chosen["attempt"])
    context = {"form": form, "host": settings.PUBLIC_HOST}
    return render(request, "agencies/signup.html", context, status=422 if form.errors else 200)


@require_GET
def check_address(request: HttpRequest) -> HttpResponse:
    """A sentence about the address while it is typed."""
    text = request.GET.get("slug", "")
    context = {"host": settings.PUBLIC_HOST, "slug": "", "sentence": ""}
    if text:
        try:
            context["slug"] = clean_slug(text)
            if not is_free(context["slug"]):
                context["sentence"] = actions.TAKEN
        except InvalidInput as error:
            context["sentence"] = error.sentence
    return render(request, "agencies/address.html", context)


@never_cache
@require_GET
def progress(request: HttpRequest, token: str) -> HttpResponse:
    return render(request, "agencies/progress.html", _progress(_signup(token), token))


@never_cache
@require_GET
def progress_steps(request: HttpRequest, token: str) -> HttpResponse:
    """Asked again and again by the page, until the agency is open."""
    signup = _signup(token)
    if signup.step == Signup.Step.DONE and signup.entered_at is None:
        return HttpResponse(headers={"HX-Redirect": reverse("signup_enter", args=[token])})
    return render(request, "agencies/steps.html", _progress(signup, token))


@never_cache
@require_POST
def retry(request: HttpRequest, token: str) -> HttpResponse:
    signup = _signup(token)
    if signup.step != Signup.Step.DONE:
        _start(signup.agency_id)
    return redirect("signup_progress", token=token)


@never_cache
@require_GET
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Into the new agency, signed in: once. Later the address leads to its sign-in page."""
    signup = _signup(token)
    if signup.step != Signup.Step.DONE:
        return redirect("signup_progress", token=token)
    agency = signup.agency
    if not actions.enter_once(signup):
        return redirect(agency.address)
    with schema_context(agency.schema_name):
        owner = User.objects.get(email=signup.owner_email)
        return redirect(agency.address + arrival_link(agency.schema_name, owner))


def _signup(token: str) -> Signup:
    found = Signup.objects.select_related("agency").filter(token_hash=actions.hash_token(token)).first()
    if found is None:
        raise Http404("This sign-up is not known.")
    return found


def _sent_before(attempt: str, slug: str) -> bool:
    """The same form was sent twice, as by a double click: both answers lead to the one sign-up."""
    return Signup.objects.filter(token_hash=actions.hash_token(attempt), agency__slug=slug).exists()


def _spend_one(request: HttpRequest) -> None:
    """Raises InvalidInput: each agency costs a schema, so one address may not open them without end."""
    key = f"signups:{address_of(request)}"
    cache.add(key, 0, 3600)
    if cache.incr(key) > SIGNUPS_AN_HOUR:
        raise InvalidInput("Many agencies were opened from here just now. Try again in an hour.")


def _start(agency_id: int) -> None:
    """When the queue does not answer, the sweeper or a reader of the progress page starts it later."""

    def send() -> None:
        try:
            build.delay(agency_id)
        except OperationalError:
            logger.exception("agency %s is reserved, but its making could not be queued", agency_id)

    transaction.on_commit(send)


def _progress(signup: Signup, token: str) -> dict[str, object]:
    steps: list[Signup.Step] = [step for step in Signup.Step if step != Signup.Step.DONE]
    at = len(steps) if signup.step == Signup.Step.DONE else steps.index(Signup.Step(signup.step))
    return {
        "agency_made": signup.agency,
        "token": token,
        "failed": signup.agency.status == Agency.Status.FAILED,
        "done": signup.step == Signup.Step.DONE,
        "steps": [
            {"words": step.label, "state": "done" if number < at else "now" if number == at else ""}
            for number, step in enumerate(steps)
        ],
    }
