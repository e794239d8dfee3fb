"""What a draft or a version of an instance was made from, and how it comes to rest on another version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from agents import around
from agents.accounts.queries import account_problems
from agents.content import Origin, read
from agents.errors import NotPublishable
from agents.flow.problems import Problem
from agents.models import Agent, TemplateVersion
from agents.templating import documents
from agents.templating.merge import Merged, Rule, merge
from agents.templating.parameters import Values
from voiceops.lib.errors import InvalidInput


@dataclass(frozen=True)
class From:
    """A version of a template with the values that a document was made with."""

    version: TemplateVersion
    values: Values


def origin_of(document: object, known: Mapping[UUID, TemplateVersion] | None = None) -> From | None:
    """None for a document that rests on no template. `known` spares a look into the database."""
    written = document.get("origin") if isinstance(document, dict) else None
    if not written:
        return None
    origin = Origin.model_validate(written)
    version = (known or {}).get(origin.version)
    if version is None:
        version = TemplateVersion.objects.select_related("template").filter(pk=origin.version).first()
    return From(version, dict(origin.values)) if version else None


def required(document: object) -> From:
    """Raises InvalidInput for a document that rests on no template."""
    origin = origin_of(document)
    if origin is None:
        raise InvalidInput("This agent was not made from a template.")
    return origin


def moved(
    origin: From,
    document: object,
    version: TemplateVersion,
    values: Values,
    *,
    choices: Mapping[str, str] | None = None,
    rule: Rule = "leave",
) -> Merged:
    """The document as it comes to rest on `version` with `values`. It may not read cleanly: whoever uses it reads it.

    Raises NotPublishable when the document itself cannot be read, InvalidInput when the values do not fit.
    """
    return brought(documents.rendered(origin.version, origin.values), plain(document), version, values, choices, rule)


def brought(
    base: Mapping[str, Any],
    document: Mapping[str, Any],
    version: TemplateVersion,
    values: Values,
    choices: Mapping[str, str] | None = None,
    rule: Rule = "leave",
) -> Merged:
    """The same for a document written out (`plain`) and what it was made from."""
    target = documents.rendered(version, values)
    merged = merge(base, document, target, choices=choices, rule=rule)
    return Merged({**merged.document, "origin": target["origin"]}, merged.clashes, merged.undecided)


def plain(document: object) -> dict[str, Any]:
    """The document with all its defaults. Raises NotPublishable when it makes no sense."""
    written = documents.written_out(document)
    if written is None:
        raise NotPublishable(read(document).blocking)
    return written


def problems_of(agent: Agent, document: object) -> list[Problem]:
    """What keeps this document from being published for this agent: also what its client does not have."""
    reading = around.reading(agent, document)
    return [*reading.blocking, *(account_problems(reading.content) if reading.content else ())]
