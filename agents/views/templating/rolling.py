"""Rolling a version out, what came of it, and back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.models import Agent, RollOut, Template
from agents.templating import actions, queries, returning, rolling
from agents.templating.forms import RollOutForm, values_form
from agents.templating.previews import preview
from tenants import access
from tenants.access import Permission
from tenants.people.models import User
from voiceops.lib.errors import CustomerError


@require_POST
def start(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """To the instances that were ticked."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = access.find(request, queries.whole_templates(), template_id)
    form = RollOutForm(request.POST)
    rows = access.visible(actor, shown.instances.filter(pk__in=_keys(request)))
    if not form.is_valid():
        messages.error(request, "Choose what happens where both changed.")
        return redirect("template", template_id=shown.pk)
    try:
        begun = rolling.start(actor, actions.latest_of(shown), rows, **form.cleaned_data)
    except CustomerError as error:
        messages.error(request, error.sentence)
        return redirect("template", template_id=shown.pk)
    return redirect("roll_out", roll_out_id=begun.pk)


@require_http_methods(["GET", "POST"])
def instance(request: HttpRequest, template_id: UUID, agent_id: UUID) -> HttpResponse:
    """One instance beside the latest version: the three-way difference, and a choice wherever both changed."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown: Template = access.find(request, queries.whole_templates(), template_id)
    agent = access.find(request, shown.instances.select_related("client", "published"), agent_id)
    version = shown.latest
    if version is None:
        return redirect("template", template_id=shown.pk)
    chosen = {
        name.removeprefix("choice:"): str(value) for name, value in request.POST.items() if name.startswith("choice:")
    }
    found = preview(agent, version)
    needed = tuple(parameter for parameter, _ in found.needs)
    values = values_form(needed, None, request.POST or None)
    if request.method == "POST":
        found = preview(agent, version, choices=chosen, values=values.typed())
        for parameter, sentence in found.needs:
            values.say(parameter.name, sentence)
        if not found.needs and "roll" in request.POST:
            begun = _one(request, actor, agent, chosen, values.typed())
            if begun is not None:
                return redirect("roll_out", roll_out_id=begun.pk)
    context = {"shown": shown, "agent": agent, "version": version, "preview": found, "values": values, "chosen": chosen}
    return render(request, "library/instance.html", context, status=422 if values.is_bound and values.errors else 200)


def _one(
    request: HttpRequest, actor: User, agent: Agent, choices: dict[str, str], values: dict[str, str]
) -> RollOut | None:
    assert agent.template is not None
    try:
        return rolling.start(
            actor,
            actions.latest_of(agent.template),
            [agent],
            force="force" in request.POST,
            choices={agent.pk: choices},
            values={agent.pk: values},
        )
    except CustomerError as error:
        messages.error(request, error.sentence)
        return None


@require_safe
def roll_out(request: HttpRequest, roll_out_id: UUID) -> HttpResponse:
    """What came of it for each instance; asks again while it goes on."""
    access.require(request, Permission.BUILD_AGENTS)
    shown = access.find(request, queries.whole_roll_outs(), roll_out_id)
    return render(request, "library/roll_out.html", {"shown": shown, **queries.progress(shown)})


@require_POST
def go_on(request: HttpRequest, roll_out_id: UUID) -> HttpResponse:
    """What a crash left behind, now and not at the sweeper's next round."""
    access.require(request, Permission.BUILD_AGENTS)
    shown = access.get(request, RollOut, roll_out_id)
    rolling.hand_over(shown.pk)
    return redirect("roll_out", roll_out_id=shown.pk)


@require_POST
def back(request: HttpRequest, roll_out_id: UUID) -> HttpResponse:
    """The instances that were ticked, as they were before."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = access.get(request, RollOut, roll_out_id)
    done = returning.roll_back_several(actor, shown, _keys(request), force="force" in request.POST)
    if done.back:
        messages.success(request, f"{done.back} as before.")
    for sentence in done.refused[:5]:
        messages.error(request, sentence)
    if not done.back and not done.refused:
        messages.error(request, "Choose at least one instance that was rolled out.")
    return redirect("roll_out", roll_out_id=shown.pk)


def _keys(request: HttpRequest) -> list[UUID]:
    found = []
    for text in request.POST.getlist("agent")[: rolling.MOST_INSTANCES]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
