"""What a version would do to an instance, before anybody rolls it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from agents.content import whole
from agents.errors import NotPublishable
from agents.flow.differences import Change
from agents.flow.problems import Problem
from agents.models import Agent, Template, TemplateVersion
from agents.queries import changes
from agents.templating import documents, origins
from agents.templating.clashes import Shown, shown
from agents.templating.merge import Rule, overrides
from agents.templating.parameters import Parameter
from voiceops.lib.errors import InvalidInput

State = Literal["current", "behind", "clash", "needs", "broken", "archived", "ahead"]


@dataclass(frozen=True)
class Standing:
    """An instance beside a version. `number` is what callers hear of the template; `behind` counts versions.

    `own` is how many places it says in its own words, `unpublished` whether its draft waits for being published.
    """

    agent: Agent
    number: int
    behind: int
    state: State
    sentence: str
    own: int
    unpublished: bool

    @property
    def can_be_rolled(self) -> bool:
        return self.state in ("behind", "clash", "needs")


@dataclass(frozen=True)
class Preview:
    """The three-way difference: what callers will hear differently, where both changed, what is missing."""

    standing: Standing
    changes: list[Change]
    clashes: list[Shown]
    needs: list[tuple[Parameter, str]]
    problems: list[Problem]
    own: list[Shown]


def standings(template: Template, *, archived: bool = False) -> list[Standing]:
    """Every instance beside the latest version, by client."""
    rows = template.instances.filter(archived_at__isnull=not archived).select_related("client", "published")
    found = list(rows.order_by("client__name", "name")[:1000])
    if template.latest is None:
        return []
    known = {version.pk: version for version in template.versions.select_related("template")}
    return [preview(agent, template.latest, words=False, known=known).standing for agent in found]


def preview(
    agent: Agent,
    version: TemplateVersion,
    *,
    choices: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    rule: Rule = "leave",
    words: bool = True,
    known: Mapping[UUID, TemplateVersion] | None = None,
) -> Preview:
    """`words`: with the texts, and with what would keep the result from being published; without them only the standing
    is worked out, which is quick enough for hundreds."""
    document = agent.published.content if agent.published else agent.draft
    unpublished = agent.published is None or (document != agent.draft and whole(document) != whole(agent.draft))
    origin = origins.origin_of(document, known)

    def standing(state: State, sentence: str = "", own: int = 0) -> Standing:
        number = origin.version.number if origin else 0
        return Standing(agent, number, max(0, version.number - number), state, sentence, own, unpublished)

    if origin is None:
        return _bare(standing("broken", "Nothing in it says which version it was made from."))
    if agent.archived_at:
        return _bare(standing("archived"))
    try:
        plain = origins.plain(document)
        base = documents.rendered(origin.version, origin.values)
        mine = overrides(base, plain)
        own = shown(mine) if words else []
        if origin.version.number >= version.number:
            state: State = "current" if origin.version == version else "ahead"
            return Preview(standing(state, own=len(mine)), [], [], [], [], own)
        filled = documents.values_for(version, {**origin.values, **(values or {})})
        needs = [
            (one, filled.problems[one.name]) for one in documents.parameters_of(version) if one.name in filled.problems
        ]
        if needs:
            said = " ".join(sentence for _, sentence in needs)
            return Preview(standing("needs", said, len(mine)), [], [], needs, [], own)
        merged = origins.brought(base, plain, version, filled.values, choices, rule)
        problems = origins.problems_of(agent, merged.document) if words else []
    except (NotPublishable, InvalidInput) as error:
        return _bare(standing("broken", error.sentence))
    told = shown(merged.clashes) if words else []
    state, sentence = "behind", ""
    if merged.undecided:
        count = len(merged.undecided)
        state, sentence = "clash", f"{count} place{'' if count == 1 else 's'} changed on both sides"
    elif problems:
        state, sentence = "broken", str(problems[0])
    return Preview(
        standing(state, sentence, len(mine)),
        changes(plain, merged.document) if words else [],
        told,
        [],
        problems,
        own,
    )


def _bare(standing: Standing) -> Preview:
    return Preview(standing, [], [], [], [], [])
