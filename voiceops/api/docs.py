"""The API's reference, made from its schema: nothing is loaded from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator

from tenants import access
from tenants.access import Permission


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: str
    description: str


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Parameter]
    sends: list[Parameter]
    returns: list[Parameter]


@dataclass(frozen=True)
class Chapter:
    title: str
    operations: list[Operation] = field(default_factory=list)


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    access.require(request, Permission.USE_API)
    context = {"chapters": chapters(), "base": request.tenant.address}  # type: ignore[attr-defined]
    return render(request, "api/docs.html", context)


@cache
def chapters() -> list[Chapter]:
    """The same for every agency, so made once."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found: dict[str, Chapter] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            title = (operation.get("tags") or ["Other"])[0]
            chapter = found.setdefault(title, Chapter(title))
            chapter.operations.append(_operation(schema, path, method, operation))
    return [found[title] for title in sorted(found)]


def _operation(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Operation:
    answers = operation.get("responses", {})
    good: dict[str, Any] = next((answers[code] for code in sorted(answers) if code.startswith("2")), {})
    return Operation(
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        parameters=[
            Parameter(item["name"], item.get("schema", {}).get("type", ""), _prose(item.get("description", "")))
            for item in operation.get("parameters", [])
        ],
        sends=_fields(schema, operation.get("requestBody", {}), reading=False),
        returns=_fields(schema, good, reading=True),
    )


def _fields(schema: dict[str, Any], message: dict[str, Any], *, reading: bool) -> list[Parameter]:
    """The fields of a JSON body: of each item where it is a list, of each result where it is a page of them."""
    shape = _resolved(schema, message.get("content", {}).get("application/json", {}).get("schema", {}))
    results = _resolved(schema, shape.get("properties", {}).get("results", {}))
    shape = _resolved(schema, (results or shape).get("items", results or shape))
    return [
        Parameter(name, _kind(schema, value), _prose(value.get("description", "")))
        for name, value in shape.get("properties", {}).items()
        if reading or not value.get("readOnly")
    ]


def _prose(text: str) -> str:
    """The schema speaks Markdown, the page does not."""
    return text.replace("`", "")


def _resolved(schema: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    reference = shape.get("$ref", "")
    return schema["components"]["schemas"][reference.rpartition("/")[2]] if reference else shape


def _kind(schema: dict[str, Any], shape: dict[str, Any]) -> str:
    inner = shape["allOf"][0] if shape.get("allOf") else shape
    resolved = _resolved(schema, inner)
    if resolved.get("enum"):
        return " | ".join(str(value) for value in resolved["enum"])
    return str(resolved.get("format") or resolved.get("type") or "object")
