"""Library → Tools: what agents may use outside a conversation. Made, changed, tried and archived here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.models import Tool
from agents.tools import actions, listing, queries
from agents.tools.actions import SettingsRefused
from agents.tools.forms import ToolForm
from agents.tools.kinds.base import NO_CLIENT, Caller, Kind
from agents.tools.registry import configured_kinds, ready_kinds
from agents.tools.registry import kind as kind_named
from agents.tools.trying import try_out
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput, VoiceOpsError


@require_safe
def tools(request: HttpRequest) -> HttpResponse:
    access.require(request, Permission.BUILD_AGENTS)
    client = access.chosen_client(request)
    ready = [(kind, kind.operations(kind.Config())[0]) for kind in ready_kinds()]
    return render(request, "library/tools.html", {"rows": listing.rows(client), "client": client, "ready": ready})


@require_safe
def tool_kinds(request: HttpRequest) -> HttpResponse:
    """Which kind of tool to make."""
    access.require(request, Permission.BUILD_AGENTS)
    return render(request, "library/tool_kinds.html", {"groups": listing.groups(configured_kinds())})


@require_http_methods(["GET", "POST"])
def new_tool(request: HttpRequest, kind_name: str) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    kind = _kind(kind_name)
    initial = {"client": request.GET.get("client", "")}
    form = ToolForm(request.POST or None, kind=kind, clients=list(access.clients(request)), initial=initial)
    if request.method == "POST" and not _reshaped(request, form) and form.is_valid():
        try:
            tool = actions.create(actor, form.draft())
        except SettingsRefused as refused:
            form.refuse(refused)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            return _saved(request, tool, kind)
    return _form(request, form, kind, None)


@require_http_methods(["GET", "POST"])
def tool(request: HttpRequest, tool_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = _tool(request, tool_id)
    kind = _kind(shown.kind)
    form = ToolForm(request.POST or None, kind=kind, tool=shown)
    if request.method == "POST" and not _reshaped(request, form) and form.is_valid():
        try:
            changed = actions.update(actor, shown, form.draft())
        except SettingsRefused as refused:
            form.refuse(refused)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            return _saved(request, changed, kind)
    return _form(request, form, kind, shown)


@require_POST
def try_tool(request: HttpRequest, tool_id: UUID) -> HttpResponse:
    """A real use with the arguments that were typed, and all that can be seen of it."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = _tool(request, tool_id)
    name = request.POST.get("use", "")
    one = next((one for one in queries.offers(shown) if one.name == name), None)
    if one is None:
        raise Http404("This tool cannot do that.")
    given = {
        parameter.name: request.POST.get(f"arguments.{parameter.name}", "").strip() for parameter in one.parameters
    }
    caller = Caller(
        client_id=shown.client_id or NO_CLIENT,
        caller=request.POST.get("caller", "").strip()[:64],
        variables=_variables(given, one),
    )
    tried = try_out(actor, one, given, caller)
    return render(request, "library/tool_tried.html", {"tried": tried, "one": one, "shown": shown})


@require_POST
def connect_tool(request: HttpRequest, tool_id: UUID) -> HttpResponse:
    """Asks the other system again what there is."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = _tool(request, tool_id)
    _connected(request, actor, shown)
    return redirect("tool", tool_id=shown.pk)


@require_POST
def archive_tool(request: HttpRequest, tool_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = _tool(request, tool_id)
    actions.archive(actor, shown)
    messages.success(request, f"{shown.label} is archived.")
    return redirect("tools")


def _saved(request: HttpRequest, tool: Tool, kind: Kind) -> HttpResponse:
    messages.success(request, f"{tool.label} is saved: calls from now on use it so.")
    if type(kind).connect is not Kind.connect:
        _connected(request, access.user(request), tool)
    return redirect("tool", tool_id=tool.pk)


def _connected(request: HttpRequest, actor: Any, tool: Tool) -> None:
    try:
        actions.connect(actor, tool)
    except VoiceOpsError as error:
        messages.error(request, f"{tool.label} could not ask the other system what there is. {error.sentence}")


def _reshaped(request: HttpRequest, form: ToolForm) -> bool:
    """Whether a row was asked for or taken away: then nothing is saved yet."""
    add, remove = request.POST.get("add", ""), request.POST.get("remove", "")
    if add or remove:
        form.reshape(add, remove)
    return bool(add or remove)


def _form(request: HttpRequest, form: ToolForm, kind: Kind, tool: Tool | None) -> HttpResponse:
    reshaped = request.method == "POST" and ("add" in request.POST or "remove" in request.POST)
    context: dict[str, Any] = {"form": form, "kind": kind, "shown": tool}
    if tool is not None:
        context |= {
            "offers": queries.offers(tool),
            "uses": listing.used_by(tool),
            "connects": type(kind).connect is not Kind.connect,
        }
    failed = request.method == "POST" and not reshaped
    return render(request, "library/tool.html", context, status=422 if failed else 200)


def _variables(given: Mapping[str, str], one: queries.Offered) -> dict[str, Any]:
    """What is typed for a parameter that a variable fills stands for that variable."""
    return {p.value: given[p.name] for p in one.parameters if p.source == "variable" and given[p.name]}


def _tool(request: HttpRequest, tool_id: UUID) -> Tool:
    return access.find(request, Tool.objects.filter(archived_at=None).select_related("client"), tool_id)


def _kind(name: str) -> Kind:
    try:
        kind = kind_named(name)
    except KeyError:
        raise Http404("There is no such kind of tool.") from None
    if kind.ready:
        raise Http404("Every agent has this already.")
    return kind
