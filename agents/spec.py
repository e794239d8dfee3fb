"""A version of an agent and a call become a CallSpec: all that the media plane will ever know.

The keys of the agency's accounts are frozen into the spec, so a call goes on when an account is changed in its midst.
A spec is never logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from agents.content import NAMES, TALENTS, AgentContent, Choice, read
from agents.errors import NotPublishable, ProviderAccountMissing
from agents.models import Agent, AgentVersion, ProviderAccount
from media_worker.contract.spec import AgentSpec, AudioFormat, CallSpec, Provider, Providers, Scalar
from media_worker.providers.base import TalentName
from voiceops.lib.schema import current_schema

LONGEST_PARTY = 64


def build_spec(
    *, version: AgentVersion, call: Any, audio: AudioFormat, variables: Mapping[str, Scalar] | None = None
) -> CallSpec:
    """The spec of a call (`calls.models.Call`) that this published version answers.

    Raises ProviderAccountMissing when an account it needs is gone, NotPublishable when the stored content cannot be
    read any more.
    """
    return _spec(version.agent, version.number, version.content, call, audio, variables or {})


def build_spec_for_draft(
    *, agent: Agent, call: Any, audio: AudioFormat, variables: Mapping[str, Scalar] | None = None
) -> CallSpec:
    """The spec of a test call to the draft. Raises NotPublishable with the draft's problems."""
    number = agent.published.number + 1 if agent.published else 1
    return _spec(agent, number, agent.draft, call, audio, variables or {})


def _spec(
    agent: Agent, number: int, document: object, call: Any, audio: AudioFormat, variables: Mapping[str, Scalar]
) -> CallSpec:
    reading = read(document)
    if reading.content is None or reading.blocking:
        raise NotPublishable(reading.blocking)
    content = reading.content
    known: dict[str, Scalar] = {
        "caller": call.caller[:LONGEST_PARTY],
        "called": call.called[:LONGEST_PARTY],
        "client_name": agent.client.name,
        "agent_name": agent.name,
        "timezone": agent.client.timezone,
    }
    return CallSpec(
        call_id=call.id,
        agency=current_schema(),
        direction=call.direction,
        audio=audio,
        caller=call.caller[:LONGEST_PARTY],
        called=call.called[:LONGEST_PARTY],
        agent=AgentSpec(
            id=agent.id,
            version=number,
            name=agent.name,
            language=content.language,
            flow=content.flow,
            providers=providers(content),
            turns=content.turns,
            limits=content.limits,
            fallbacks=content.fallbacks,
            routing=content.routing,
        ),
        variables=known | dict(variables),
    )


def providers(content: AgentContent) -> Providers:
    """The three choices with their accounts' keys. Raises ProviderAccountMissing."""
    wanted = {choice.account for talent in TALENTS if (choice := content.models.of(talent)).account}
    accounts = {account.id: account for account in ProviderAccount.objects.filter(id__in=wanted, archived_at=None)}
    built = {talent: _provider(talent, content.models.of(talent), accounts) for talent in TALENTS}
    return Providers(stt=built["stt"], llm=built["llm"], tts=built["tts"])


def _provider(talent: TalentName, choice: Choice, accounts: Mapping[Any, ProviderAccount]) -> Provider:
    if choice.account is None:
        return Provider(vendor=choice.vendor, options=choice.options)
    account = accounts.get(choice.account)
    if account is None or account.vendor != choice.vendor:
        raise ProviderAccountMissing(
            f"{NAMES[talent]}: the provider account this agent uses was archived or removed. "
            "Choose another under Voice & models and publish."
        )
    return Provider(
        vendor=account.vendor,
        base_url=account.base_url or None,
        api_key=SecretStr(account.api_key) if account.api_key else None,
        account=account.account,
        options=choice.options,
    )
