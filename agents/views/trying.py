"""Trying an agent out in writing: one turn a request. The browser keeps the conversation, we keep nothing.

Who builds talks to the draft, other staff to what callers hear.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.errors import NotPublishable
from agents.models import Agent
from agents.simulate import actions, trying
from agents.simulate.exchange import Does, Exchange
from agents.simulate.suggest import suggestion
from agents.simulate.talk import LONGEST_SAID
from media_worker.contract.events import Snapshot
from media_worker.contract.flow import Name
from media_worker.contract.tools import Mocks, Scalar
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import CustomerError, InvalidInput, VoiceOpsError

MOST_TURNS = 80

T = TypeVar("T", bound=BaseModel)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Circumstances(Body):
    """What a try begins with. `real`: tools without a mock are used, and reach what they reach."""

    variables: dict[Name, Scalar] = Field(default_factory=dict, max_length=60)
    mocks: Mocks = Field(default_factory=dict)
    now: datetime | None = None
    real: bool = False


class Turn(Circumstances):
    does: Does
    text: str = Field(default="", max_length=LONGEST_SAID)
    resume: Snapshot | None = None


class Kept(Circumstances):
    """A conversation that becomes a test."""

    name: str = Field(default="", max_length=200)
    conversation: Annotated[tuple[Exchange, ...], Field(min_length=1, max_length=MOST_TURNS)]


@require_http_methods(["GET", "POST"])
def try_agent(request: HttpRequest, agent_id: UUID) -> JsonResponse:
    """POST: a turn. GET: what the panel offers, as the draft is now."""
    actor = access.require(request, Permission.TALK_TO_AGENTS)
    access.require(request, Permission.VIEW_INTERNALS)
    agent: Agent = access.agent(request, agent_id)
    version = None if access.may(actor, Permission.BUILD_AGENTS) else agent.published
    if request.method == "GET":
        return JsonResponse(trying.offer(agent, version))
    try:
        asked = _body(request, Turn)
        if asked.real:
            access.require(request, Permission.BUILD_AGENTS)
        if agent.archived_at or (version is None and not access.may(actor, Permission.BUILD_AGENTS)):
            raise InvalidInput("Nothing of this agent is published, so there is nothing to talk to.")
        taken = trying.turn(
            actor,
            agent,
            asked.does,
            " ".join(asked.text.split()),
            resume=asked.resume,
            version=version,
            variables=asked.variables,
            mocks=asked.mocks,
            now=asked.now,
            real=asked.real,
        )
    except NotPublishable as error:
        first, more = error.problems[0], len(error.problems) - 1
        sentence = f"The draft cannot answer yet. {first}{f' And {more} more.' if more else ''}"
        return JsonResponse({"error": sentence}, status=422)
    except CustomerError as error:
        return JsonResponse({"error": error.sentence}, status=422)
    except VoiceOpsError as error:
        return JsonResponse({"error": error.sentence}, status=503)
    return JsonResponse(
        {
            "exchange": taken.exchange.model_dump(mode="json"),
            "snapshot": taken.snapshot.model_dump(mode="json"),
            "revision": taken.revision,
        }
    )


@require_POST
def keep_as_test(request: HttpRequest, agent_id: UUID) -> JsonResponse:
    """Save as a test: the name is suggested, and what happened is what is expected."""
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    try:
        kept = _body(request, Kept)
        made = suggestion(kept.conversation, kept.variables, kept.mocks, kept.now)
        name = kept.name or actions.free_name(agent, made.name)
        test = actions.save(actor, agent, name, made.scenario)
    except CustomerError as error:
        return JsonResponse({"error": error.sentence}, status=422)
    except ValidationError:
        return JsonResponse(
            {"error": "This conversation is too long for a test. Start over and keep it short."}, status=422
        )
    return JsonResponse({"name": test.name, "url": reverse("agent_test", args=[agent.pk, test.pk])}, status=201)


def _body(request: HttpRequest, shape: type[T]) -> T:
    try:
        return shape.model_validate_json(request.body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"That cannot be tried: {where or 'the request'}: {first['msg']}.") from None
