"""A version of an agent and a call become a CallSpec: all that the media plane will ever know.

The keys of the agency's accounts are frozen into the spec, so a call goes on when an account is changed in its midst.
A spec is never logged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from agents.accounts import pools
from agents.checks import NAMES
from agents.clips.queries import for_call
from agents.colleagues import colleagues, missing_tools
from agents.content import AgentContent, Choice, read
from agents.errors import NotPublishable, ProviderAccountMissing
from agents.models import Agent, AgentVersion, ProviderAccount
from agents.tools.queries import named_in, specs
from media_worker.contract.spec import AgentSpec, AudioFormat, CallSpec, Provider, Providers, Scalar
from media_worker.providers.base import TalentName
from voiceops.lib.schema import current_schema

LONGEST_PARTY = 64
LEASE_SLACK = timedelta(minutes=5)
"""Beyond the longest call: a lease that nobody ended."""


def build_spec(
    *,
    version: AgentVersion,
    call: Any,
    audio: AudioFormat,
    variables: Mapping[str, Scalar] | None = None,
    faults: list[str] | None = None,
) -> CallSpec:
    """The spec of a call (`calls.models.Call`) that this published version answers. The call holds keys from now on:
    `pools.release` when it ends. `faults` gets what is wrong and does not keep the call from starting.

    Raises ProviderAccountMissing when an account it needs is gone, NotPublishable when the stored content cannot be
    read any more.
    """
    return _spec(version.agent, version.number, version.content, call, audio, variables or {}, faults)


def build_spec_for_draft(
    *,
    agent: Agent,
    call: Any,
    audio: AudioFormat,
    variables: Mapping[str, Scalar] | None = None,
    faults: list[str] | None = None,
) -> CallSpec:
    """The spec of a test call to the draft. Raises NotPublishable with the draft's problems."""
    number = agent.published.number + 1 if agent.published else 1
    return _spec(agent, number, agent.draft, call, audio, variables or {}, faults)


def _spec(
    agent: Agent,
    number: int,
    document: object,
    call: Any,
    audio: AudioFormat,
    variables: Mapping[str, Scalar],
    faults: list[str] | None,
) -> CallSpec:
    reading = read(document)
    if reading.content is None or reading.blocking:
        raise NotPublishable(reading.blocking)
    content = reading.content
    told: list[str] = []
    tools, missing = specs(agent.client_id, named_in(content.flow))
    told += missing_tools(missing)
    known: dict[str, Scalar] = {
        "caller": call.caller[:LONGEST_PARTY],
        "called": call.called[:LONGEST_PARTY],
        "client_name": agent.client.name,
        "agent_name": agent.name,
        "timezone": agent.client.timezone,
    }
    spec = CallSpec(
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
            providers=providers(content, call.id, faults),
            turns=content.turns,
            limits=content.limits,
            fallbacks=content.fallbacks,
            routing=content.routing,
            clips=for_call(agent),
            tools=tuple(tools),
            knows=bool(content.knowledge),
            knowledge=content.knowledge,
            colleagues=colleagues(agent, content, told),
        ),
        variables=known | dict(variables),
    )
    if faults is not None:
        faults += told
    return spec


def providers(content: AgentContent, call_id: UUID, faults: list[str] | None = None) -> Providers:
    """All choices with the keys of their accounts; the call holds a key of each account that it begins with.

    Raises ProviderAccountMissing when the account of the ears, the mind or the voice is gone. Who only helps out (a
    backup, the small model, a speech-to-speech model before the three) is left out then, and `faults` gets a sentence,
    as it does for an account none of whose keys is fit.
    """
    models = content.models
    told: list[str] = []
    wanted = {choice.account for _, _, choice in models.every() if choice.account}
    accounts = {row.id: row for row in ProviderAccount.objects.filter(id__in=wanted, archived_at=None)}
    begins_with = [models.s2s] if models.s2s else [choice for _, _, choice in models.first()]
    leased = {choice.account for choice in begins_with if choice.account in accounts}
    until = timezone.now() + timedelta(seconds=content.limits.max_duration) + LEASE_SLACK
    taken = pools.take(call_id, list(accounts), [account for account in leased if account], until)
    told += [pool.fault for pool in taken.values() if pool.fault]

    def one(talent: TalentName, choice: Choice) -> Provider:
        return _provider(talent, choice, accounts, taken)

    def helper(talent: TalentName, choice: Choice | None) -> Provider | None:
        try:
            return one(talent, choice) if choice else None
        except ProviderAccountMissing as error:
            told.append(f"The call goes on without one that should help out. {error.sentence}")
            return None

    def several(talent: TalentName, choices: Sequence[Choice]) -> tuple[Provider, ...]:
        return tuple(found for choice in choices if (found := helper(talent, choice)))

    built = Providers(
        stt=one("stt", models.stt),
        llm=one("llm", models.llm),
        tts=one("tts", models.tts),
        stt_backups=several("stt", models.stt_backups),
        llm_backups=several("llm", models.llm_backups),
        tts_backups=several("tts", models.tts_backups),
        small=helper("llm", models.small),
        s2s=helper("s2s", models.s2s),
    )
    if faults is not None:
        faults += told
    return built


def _provider(
    talent: TalentName, choice: Choice, accounts: Mapping[UUID, ProviderAccount], taken: Mapping[UUID, pools.Pool]
) -> Provider:
    if choice.account is None:
        return Provider(vendor=choice.vendor, options=choice.options)
    account = accounts.get(choice.account)
    if account is None or account.vendor != choice.vendor:
        raise ProviderAccountMissing(
            f"{NAMES[talent]}: the provider account this agent uses was archived or removed. "
            "Choose another under Voice & models and publish."
        )
    keys = taken[account.id].for_the_wire()
    return Provider(
        vendor=account.vendor,
        base_url=account.base_url or None,
        api_key=keys[0].secret if keys else None,
        key=keys[0].id if keys else "",
        keys=keys,
        account=account.account,
        options=choice.options,
    )
