"""Library → Knowledge: the bases of clients, and the settings of one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.knowledge import actions, queries
from agents.knowledge.forms import BaseForm, NewBaseForm
from agents.models import KnowledgeBase
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput


@require_safe
def bases(request: HttpRequest) -> HttpResponse:
    person = access.require(request, Permission.VIEW_INTERNALS)
    client = access.chosen_client(request)
    found = access.visible(person, KnowledgeBase.objects.all())
    rows = queries.rows(found.filter(client=client) if client else found)
    return render(request, "library/knowledge.html", {"rows": rows, "client": client})


@require_http_methods(["GET", "POST"])
def new_base(request: HttpRequest) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    chosen = access.chosen_client(request)
    clients = list(access.clients(request).order_by("name"))
    form = NewBaseForm(request.POST or None, clients=clients, chosen=chosen.pk if chosen else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create(actor, **form.cleaned_data)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            messages.success(request, f"“{made.label}” is there. Bring its first documents.")
            return redirect("knowledge_base", base_id=made.pk)
    part = "_dialog" if request.headers.get("HX-Request") else ""
    context = {"form": form, "without_client": not clients}
    return render(request, f"library/knowledge_new{part}.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, base_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    base = access.get(request, KnowledgeBase, base_id)
    form = BaseForm(request.POST or None, base=base)
    if request.method == "POST" and form.is_valid():
        try:
            anew = actions.change(actor, base, **form.cleaned_data)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            told = "Saved. It is indexed anew beside the index that is searched, and then takes its place."
            messages.success(request, told if anew else "Saved.")
            return redirect("knowledge_base", base_id=base.pk)
    context: dict[str, Any] = {"shown": base, "row": queries.row(base), "form": form, "readers": queries.readers(base)}
    return render(request, "library/knowledge_settings.html", context, status=422 if form.errors else 200)


@require_POST
def index_anew(request: HttpRequest, base_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    base = access.get(request, KnowledgeBase, base_id)
    actions.index_anew(actor, base)
    messages.success(request, "It is indexed anew. Until that is done, agents search the present index.")
    return redirect("knowledge_base", base_id=base.pk)


@require_POST
def delete_base(request: HttpRequest, base_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    base = access.get(request, KnowledgeBase, base_id)
    actions.delete(actor, base)
    messages.success(request, f"“{base.label}” is deleted, with all its documents.")
    return redirect("knowledge")
