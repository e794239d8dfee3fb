"""One knowledge base: its documents, what is wrong with them, and a box to ask it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.knowledge import actions, queries
from agents.knowledge.forms import PagesForm
from agents.knowledge.reading.blocks import MOST_BYTES
from agents.knowledge.search import extract, search
from agents.models import KnowledgeBase, KnowledgeDocument
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput, VoiceOpsError

MOST_FILES = 100


@require_safe
def base(request: HttpRequest, base_id: UUID) -> HttpResponse:
    access.require(request, Permission.VIEW_INTERNALS)
    shown = access.get(request, KnowledgeBase, base_id)
    part = "parts/documents" if request.headers.get("HX-Request") else "knowledge_base"
    return render(request, f"library/{part}.html", _context(request, shown))


@require_POST
def upload(request: HttpRequest, base_id: UUID) -> HttpResponse:
    """Several files at once; each that cannot be taken says why, the others are."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = access.get(request, KnowledgeBase, base_id)
    files = request.FILES.getlist("files")
    refused: list[str] = []
    for file in files[:MOST_FILES]:
        try:
            actions.upload(actor, shown, file.name or "", _bounded(file))
        except VoiceOpsError as error:
            refused.append(error.sentence)
    if len(files) > MOST_FILES:
        refused.append(f"Only the first {MOST_FILES} files were taken. Bring the others now.")
    if not files:
        refused.append("Choose one or more files.")
    return _answer(request, shown, refused)


@require_http_methods(["GET", "POST"])
def add_pages(request: HttpRequest, base_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = access.get(request, KnowledgeBase, base_id)
    form = PagesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.add_pages(actor, shown, form.cleaned_data["urls"], form.cleaned_data["follow"])
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            there = "1 page is read now." if len(made) == 1 else f"{len(made)} pages are read now."
            messages.success(request, there if made else "All of these pages are there already.")
            return redirect("knowledge_base", base_id=shown.pk)
    part = "_dialog" if request.headers.get("HX-Request") else ""
    context = {"shown": shown, "form": form}
    return render(request, f"library/knowledge_pages{part}.html", context, status=422 if form.errors else 200)


@require_POST
def fetch_again(request: HttpRequest, base_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = access.get(request, KnowledgeBase, base_id)
    count = actions.fetch_again(actor, shown)
    messages.success(request, f"{count} pages are fetched again. Those that did not change stay as they are.")
    return redirect("knowledge_base", base_id=shown.pk)


@require_POST
def read_again(request: HttpRequest, base_id: UUID, document_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown, document = _document(request, base_id, document_id)
    actions.again(actor, document)
    return _answer(request, shown, [])


@require_POST
def remove(request: HttpRequest, base_id: UUID, document_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown, document = _document(request, base_id, document_id)
    actions.remove(actor, document)
    return _answer(request, shown, [])


@require_safe
def ask(request: HttpRequest, base_id: UUID) -> HttpResponse:
    """What an agent would find, with what the score of each passage is made of."""
    access.require(request, Permission.VIEW_INTERNALS)
    shown = access.get(request, KnowledgeBase, base_id)
    question = request.GET.get("question", "").strip()[:500]
    context: dict[str, Any] = {"shown": shown, "question": question}
    if question:
        found = search(shown.client_id, [shown.name], question, most=8)
        known = set(map(id, found.known))
        context |= {
            "found": found,
            "above": found.known,
            "below": [hit for hit in found.hits if id(hit) not in known],
            "said": extract(question, found.known[0]) if found.known else "",
        }
    if request.headers.get("HX-Request"):
        return render(request, "library/parts/asked.html", context)
    return render(request, "library/knowledge_base.html", {**_context(request, shown), **context})


def _context(request: HttpRequest, shown: KnowledgeBase) -> dict[str, Any]:
    search_for = request.GET.get("q", "").strip()
    documents = queries.documents(shown, search_for)
    return {
        "shown": shown,
        "row": queries.row(shown),
        "documents": documents,
        "search": search_for,
        "topics": queries.topics(shown),
        "pages": sum(one.source == KnowledgeDocument.Source.PAGE for one in documents),
    }


def _answer(request: HttpRequest, shown: KnowledgeBase, refused: list[str]) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "library/parts/documents.html", {**_context(request, shown), "refused": refused})
    for sentence in refused:
        messages.error(request, sentence)
    return redirect("knowledge_base", base_id=shown.pk)


def _document(request: HttpRequest, base_id: UUID, document_id: UUID) -> tuple[KnowledgeBase, KnowledgeDocument]:
    shown = access.get(request, KnowledgeBase, base_id)
    return shown, access.find(request, KnowledgeDocument.objects.filter(base=shown), document_id)


def _bounded(file: UploadedFile) -> bytes:
    if (file.size or 0) > MOST_BYTES:
        raise InvalidInput(f"“{file.name}” is larger than {MOST_BYTES // 1024 // 1024} MB.", "file")
    data: bytes = file.read(MOST_BYTES + 1)
    return data
