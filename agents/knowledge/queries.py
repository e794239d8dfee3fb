"""Knowledge, read: the bases of clients with their states, a base's documents, and accounts that can make embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from agents.accounts.queries import active, vendor_of
from agents.knowledge.jobs import UNFINISHED
from agents.languages import language_name
from agents.models import (
    Agent,
    KnowledgeBase,
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeGeneration,
    ProviderAccount,
)
from tenants.clients.models import Client

D, G = KnowledgeDocument.State, KnowledgeGeneration.State
MOST_SHOWN = 500


@dataclass(frozen=True)
class BaseRow:
    """`state` is of the badge kind `knowledge`. `building` is a new index that is made; `problem` says why the last one was
    given up."""

    base: KnowledgeBase
    documents: int
    passages: int
    under_way: int
    failed: int
    building: KnowledgeGeneration | None
    problem: str

    @property
    def state(self) -> str:
        if self.building:
            return "building"
        if self.under_way:
            return "reading"
        if self.failed or self.problem:
            return "problems"
        return "ready" if self.passages else "empty"

    @property
    def is_moving(self) -> bool:
        return bool(self.building or self.under_way)

    @property
    def language(self) -> str:
        return language_name(self.base.language)

    @property
    def embeds(self) -> bool:
        return bool(self.base.live and self.base.live.space)

    @property
    def is_asleep(self) -> bool:
        """Its embeddings come from an account that is gone."""
        live = self.base.live
        return bool(live and live.space and (live.account is None or live.account.archived_at is not None))


def rows(bases: QuerySet[KnowledgeBase]) -> list[BaseRow]:
    """By client and label."""
    found = list(bases.select_related("client", "live", "live__account", "account").order_by("client__name", "label"))
    return _with_counts(found)


def row(base: KnowledgeBase) -> BaseRow:
    return _with_counts([base])[0]


def _with_counts(bases: Iterable[KnowledgeBase]) -> list[BaseRow]:
    bases = list(bases)
    counted = {
        held["base"]: held
        for held in KnowledgeDocument.objects.filter(base__in=bases)
        .values("base")
        .annotate(
            documents=Count("pk"),
            passages=Sum("passages"),
            under_way=Count("pk", filter=Q(state__in=UNFINISHED)),
            failed=Count("pk", filter=Q(state=D.FAILED)),
        )
    }
    generations: dict[object, list[KnowledgeGeneration]] = {}
    for generation in KnowledgeGeneration.objects.filter(base__in=bases).order_by("number"):
        generations.setdefault(generation.base_id, []).append(generation)
    made = []
    for base in bases:
        held: Mapping[str, Any] = counted.get(base.pk) or {}
        mine = generations.get(base.pk, [])
        last = mine[-1] if mine else None
        made.append(
            BaseRow(
                base=base,
                documents=held.get("documents") or 0,
                passages=held.get("passages") or 0,
                under_way=held.get("under_way") or 0,
                failed=held.get("failed") or 0,
                building=next((one for one in mine if one.state == G.BUILDING), None),
                problem=last.problem if last is not None and last.state == G.FAILED else "",
            )
        )
    return made


def documents(base: KnowledgeBase, search: str = "") -> list[KnowledgeDocument]:
    """Those with problems first, then what is under way."""
    found = base.documents.all()
    if search:
        found = found.filter(Q(title__icontains=search) | Q(url__icontains=search))
    order = {D.FAILED: 0, D.WAITING: 1, D.READING: 1, D.INDEXING: 1, D.READY: 2}
    return sorted(found[:MOST_SHOWN], key=lambda document: (order[D(document.state)], document.title.lower()))


def topics(base: KnowledgeBase, most: int = 4) -> list[str]:
    """Some headings that a question could be about."""
    passages = KnowledgeChunk.objects.filter(generation=base.live_id).order_by("id")
    headings = (heading.rpartition(" › ") for heading in passages.values_list("heading", flat=True)[:60])
    return list(dict.fromkeys(last for above, _, last in headings if above and len(last) <= 40))[:most]


def embedding_accounts() -> list[ProviderAccount]:
    """Those whose vendor speaks OpenAI's protocol. Whether one really makes embeddings is tried when it is chosen."""
    return [account for account in active() if (vendor := vendor_of(account)) and vendor.llm and vendor.llm.completions]


def readers(base: KnowledgeBase) -> list[Agent]:
    """Agents whose draft or published version may read it."""
    agents = Agent.objects.filter(client=base.client_id, archived_at=None).select_related("published")
    return [
        agent
        for agent in agents
        if base.name in _named(agent.draft) or (agent.published and base.name in _named(agent.published.content))
    ]


def _named(content: object) -> list[str]:
    named = content.get("knowledge") if isinstance(content, dict) else None
    return [str(name) for name in named] if isinstance(named, list) else []


def of_client(client: Client) -> list[KnowledgeBase]:
    return list(KnowledgeBase.objects.filter(client=client).order_by("label"))
