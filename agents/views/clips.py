"""An agent's tab “Clips”: phrases that a person recorded, its own and those of its client."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.clips import actions, queries
from agents.clips.forms import ClipForm, NewClipForm
from agents.clips.sound import MOST_BYTES
from agents.models import Agent, VoiceClip
from agents.views import editor
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput


@require_safe
def clips(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    access.require(request, Permission.VIEW_INTERNALS)
    agent: Agent = access.agent(request, agent_id)
    context = editor.frame(request, agent, "agent_clips", clips=queries.of_agent(agent))
    return render(request, "agents/clips.html", context)


@require_http_methods(["GET", "POST"])
def new_clip(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    form = NewClipForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = dict(form.cleaned_data)
        try:
            data = _bounded(values.pop("file"))
            clip = actions.add(actor, agent, data=data, **values)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            messages.success(request, f"“{clip.name}” is in the library: calls from now on play it.")
            return redirect("agent_clips", agent_id=agent.pk)
    return _dialog(request, agent, form, None)


@require_http_methods(["GET", "POST"])
def clip(request: HttpRequest, agent_id: UUID, clip_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent, shown = _clip(request, agent_id, clip_id)
    initial = {"words": shown.words, "kind": shown.kind, "name": shown.name, "voice": shown.voice}
    form = ClipForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change(actor, shown, **{**form.cleaned_data, "name": form.cleaned_data["name"] or shown.name})
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            messages.success(request, "Saved.")
            return redirect("agent_clips", agent_id=agent.pk)
    return _dialog(request, agent, form, shown)


@require_POST
def archive_clip(request: HttpRequest, agent_id: UUID, clip_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent, shown = _clip(request, agent_id, clip_id)
    actions.archive(actor, shown)
    messages.success(request, f"“{shown.name}” is archived: the voice speaks its words from now on.")
    return redirect("agent_clips", agent_id=agent.pk)


@require_safe
def clip_audio(request: HttpRequest, agent_id: UUID, clip_id: UUID) -> HttpResponse:
    access.require(request, Permission.VIEW_INTERNALS)
    _, shown = _clip(request, agent_id, clip_id)
    answer = HttpResponse(queries.as_wav(shown), content_type="audio/wav")
    answer["Cache-Control"] = "private, max-age=3600"
    answer["Content-Disposition"] = f'inline; filename="{shown.name}.wav"'
    return answer


def _clip(request: HttpRequest, agent_id: UUID, clip_id: UUID) -> tuple[Agent, VoiceClip]:
    agent: Agent = access.agent(request, agent_id)
    rows = VoiceClip.objects.filter(client=agent.client, archived_at=None)
    return agent, access.find(request, rows.filter(agent=agent) | rows.filter(agent=None), clip_id)


def _bounded(file: UploadedFile) -> bytes:
    if (file.size or 0) > MOST_BYTES:
        raise InvalidInput(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.", "file")
    data: bytes = file.read(MOST_BYTES + 1)
    return data


def _dialog(request: HttpRequest, agent: Agent, form: ClipForm, clip: VoiceClip | None) -> HttpResponse:
    part = "_dialog" if request.headers.get("HX-Request") else ""
    context = {"shown": agent, "form": form, "clip": clip}
    return render(request, f"agents/clip{part}.html", context, status=422 if form.errors else 200)
