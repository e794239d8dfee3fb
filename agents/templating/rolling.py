"""A version of a template to instances, one by one, and back.

A roll-out is rows first: one item per instance, claimed by one worker at a time and settled in one transaction with the
merged version, the draft and the audit row. A worker that dies leaves its item waiting, and the next one takes it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from agents import actions as agents
from agents.content import whole
from agents.errors import NotPublishable
from agents.models import Agent, RollOut, RollOutItem, TemplateVersion
from agents.simulate.run import fingerprint
from agents.templating import actions, documents, origins
from agents.templating.clashes import place
from agents.templating.merge import Clash, Merged
from agents.templating.origins import From
from agents.templating.testing import failing
from tenants.audit import actions as audit
from tenants.people.models import User
from voiceops.lib.errors import CustomerError, InvalidInput, VoiceOpsError
from voiceops.lib.schema import current_schema

logger = logging.getLogger(__name__)
State = RollOutItem.State
LONGEST_SENTENCE = 1_000
MOST_INSTANCES = 2_000


WITH = ("roll_out__version__template", "roll_out__created_by")


@dataclass(frozen=True)
class Tested:
    """What the agent's tests said, and of what. Empty: they pass."""

    fingerprint: str
    sentence: str


class Left(CustomerError):
    """The instance stays as it is. The sentence says why, and what would help."""


def start(
    actor: User,
    version: TemplateVersion,
    instances: Iterable[Agent],
    *,
    rule: str = RollOut.Rule.LEAVE,
    force: bool = False,
    choices: Mapping[UUID, Mapping[str, str]] | None = None,
    values: Mapping[UUID, Mapping[str, str]] | None = None,
) -> RollOut:
    """Write down what is to be done, and have it done by a job. Raises InvalidInput when there is nothing to do."""
    chosen = {agent.pk: agent for agent in instances}
    if not chosen:
        raise InvalidInput("Choose at least one instance.")
    if len(chosen) > MOST_INSTANCES:
        raise InvalidInput(f"At most {MOST_INSTANCES:,} instances at once.")
    if rule not in RollOut.Rule.values:
        raise InvalidInput("Choose what happens where both changed.", "rule")
    if any(agent.template_id != version.template_id for agent in chosen.values()):
        raise InvalidInput("Not all of these are instances of this template.")
    if version.template.archived_at:
        raise InvalidInput(f"{version.template.name} is archived. Bring it back first.")
    with transaction.atomic():
        roll_out = RollOut.objects.create(version=version, rule=rule, force=force, created_by=actor)
        RollOutItem.objects.bulk_create(
            RollOutItem(
                roll_out=roll_out,
                agent=agent,
                choices={
                    key: side
                    for key, side in (choices or {}).get(pk, {}).items()
                    if side in ("instance", "template") and "\0" not in key
                },
                values=dict((values or {}).get(pk, {})),
            )
            for pk, agent in chosen.items()
        )
        audit.record(
            actor, "template.roll_out_started", version.template, data={"version": version.number, "of": len(chosen)}
        )
        transaction.on_commit(lambda: hand_over(roll_out.pk))
    return roll_out


def hand_over(pk: UUID) -> None:
    """To a worker. When the broker is away, the sweeper finds the rows."""
    from agents.templating.tasks import roll_out

    try:
        roll_out.delay(str(pk))
    except Exception:
        logger.exception("A roll-out could not be handed to a worker; the sweeper will find it")


def work(pk: UUID) -> None:
    """Every item that waits, one after the other. Several may work on one roll-out; none is done twice."""
    elsewhere: set[UUID] = set()
    while True:
        rows = RollOutItem.objects.filter(roll_out=pk, state=State.WAITING).exclude(pk__in=elsewhere)
        item_pk = rows.order_by("pk").values_list("pk", flat=True).first()
        if item_pk is None:
            break
        with _claimed(item_pk) as mine:
            if mine:
                _one(item_pk)
            else:
                elsewhere.add(item_pk)
    with transaction.atomic():
        begun = RollOut.objects.select_for_update().filter(pk=pk, finished_at=None)
        if begun.exists() and not RollOutItem.objects.filter(roll_out=pk, state=State.WAITING).exists():
            begun.update(finished_at=timezone.now())


@contextmanager
def _claimed(pk: UUID) -> Iterator[bool]:
    """Whether this worker may work on the item. The claim is the database session's: a crash lets go of it."""
    key = [f"roll-out|{current_schema()}|{pk}"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", key)
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", key)


def _one(pk: UUID) -> None:
    """Tests first, which take their time and hold no row; then all of it in one transaction."""
    try:
        tested = _tested(RollOutItem.objects.select_related(*WITH, "agent__client", "agent__published").get(pk=pk))
        with transaction.atomic():
            rows = RollOutItem.objects.select_for_update(of=("self",)).select_related(*WITH)
            item = rows.filter(pk=pk, state=State.WAITING).first()
            if item is not None:
                _settle(item, tested)
    except Exception as error:
        logger.exception("An instance could not be rolled out")
        _fail(pk, error.sentence if isinstance(error, VoiceOpsError) else "Something went wrong inside VoiceOps.")


def _tested(item: RollOutItem) -> Tested | None:
    """None where there is nothing to test: settling the item says why."""
    agent, version = item.agent, item.roll_out.version
    heard = origins.origin_of(agent.published.content) if agent.published else None
    if item.roll_out.force or heard is None or agent.published is None or not agent.tests.exists():
        return None
    try:
        _refuse(agent, version)
        document = _merged(item, heard, agent.published.content, version).document
        if origins.problems_of(agent, document):
            return None
    except CustomerError:
        return None
    return Tested(fingerprint(document), failing(agent, document))


def _fail(pk: UUID, sentence: str) -> None:
    RollOutItem.objects.filter(pk=pk, state=State.WAITING).update(
        state=State.FAILED, sentence=sentence[:LONGEST_SENTENCE], changed_at=timezone.now()
    )


def _settle(item: RollOutItem, tested: Tested | None) -> None:
    try:
        with transaction.atomic():
            item.sentence, item.state = _roll(item, tested), State.DONE
    except CustomerError as error:
        item.before_version = item.after_version = item.before_draft = item.after_revision = None
        item.state = State.LEFT if isinstance(error, Left) else State.FAILED
        broken = "With the new version it cannot be published. " if isinstance(error, NotPublishable) else ""
        item.sentence = broken + error.sentence
    item.sentence, item.changed_at = item.sentence[:LONGEST_SENTENCE], timezone.now()
    item.save()


def _roll(item: RollOutItem, tested: Tested | None) -> str:
    """What happened, in words. Raises Left, or NotPublishable and its like."""
    roll_out, version = item.roll_out, item.roll_out.version
    actor = roll_out.created_by
    agent = agents.locked(item.agent_id)
    _refuse(agent, version)
    item.before_version, item.before_draft = agent.published, agent.draft
    said = []
    heard = origins.origin_of(agent.published.content) if agent.published else None
    unpublished = agent.published is None or whole(agent.published.content) != whole(agent.draft)
    if agent.published and heard is not None and heard.version != version:
        merged = _merged(item, heard, agent.published.content, version)
        problems = origins.problems_of(agent, merged.document)
        if problems:
            raise NotPublishable(problems)
        if not roll_out.force and agent.tests.exists():
            _hold_against(merged.document, tested)
        item.after_version = agents.put_version(actor, agent, merged.document, actions.note(version))
        said.append(f"Callers hear version {item.after_version.number}.")
    said.append(_roll_draft(item, agent, version, unpublished))
    item.after_revision = agent.draft_revision
    audit.record(
        actor,
        "template.rolled_out",
        agent,
        data={"template": str(version.template), "version": version.number, "published": bool(item.after_version)},
    )
    return " ".join(part for part in said if part)


def _hold_against(document: object, tested: Tested | None) -> None:
    if tested is None or tested.fingerprint != fingerprint(document):
        raise Left("It was changed while its tests ran. Roll it out again.")
    if tested.sentence:
        raise CustomerError(f"{tested.sentence} Mend it, or roll it out although they fail.")


def _refuse(agent: Agent, version: TemplateVersion) -> None:
    if agent.template_id != version.template_id:
        raise Left("It is no instance of this template any more.")
    if agent.archived_at or agent.client.archived_at:
        raise Left("It is archived.")
    heard = origins.origin_of(agent.published.content) if agent.published else None
    drafted = origins.origin_of(agent.draft)
    newest = max((one.version.number for one in (heard, drafted) if one), default=0)
    if newest > version.number:
        raise Left(f"It has version {newest} already.")
    if heard is None and drafted is None:
        raise Left("Nothing in it says which version it was made from.")
    if all(one is None or one.version == version for one in (heard, drafted)):
        raise Left(f"It has version {version.number} already.")


def _roll_draft(item: RollOutItem, agent: Agent, version: TemplateVersion, unpublished: bool) -> str:
    """The draft comes along, and stays a draft: nothing that was not published is published."""
    drafted = origins.origin_of(agent.draft)
    if drafted is None:
        return "Its draft rests on no template and was left as it is."
    if drafted.version == version:
        return ""
    try:
        merged = _merged(item, drafted, agent.draft, version)
    except (Left, NotPublishable, InvalidInput) as error:
        if item.after_version is None:
            raise
        return f"Its unpublished draft was left as it is. {error.sentence}"
    agents.put_draft(agent, merged.document)
    return "Its draft has the new version too; what was not published in it is still not." if unpublished else ""


def _merged(item: RollOutItem, origin: From, document: object, version: TemplateVersion) -> Merged:
    """Raises Left with what is missing or undecided."""
    filled = documents.values_for(version, {**origin.values, **item.values})
    if filled.problems:
        raise Left(f"It needs values first: {' '.join(filled.problems.values())}")
    rule = item.roll_out.rule
    merged = origins.moved(origin, document, version, filled.values, choices=item.choices, rule=rule)  # type: ignore[arg-type]
    if merged.undecided:
        raise Left(f"The agent and the template both changed: {places(merged.undecided)}. Choose, and roll it out.")
    return merged


def places(clashes: Iterable[Clash], most: int = 5) -> str:
    named = [place(clash) for clash in clashes]
    more = f" and {len(named) - most} more" if len(named) > most else ""
    return f"{'; '.join(named[:most])}{more}"


QUIET = timedelta(minutes=5)
"""Longer than the tests of one agent may take: nobody works on it any more."""


def unfinished(quiet: timedelta = QUIET) -> list[UUID]:
    """Roll-outs that somebody began and nobody finished, and in which nothing has happened for so long."""
    before = timezone.now() - quiet
    rows = RollOut.objects.filter(finished_at=None, created_at__lte=before).annotate(last=Max("items__changed_at"))
    return [pk for pk, last in rows.values_list("pk", "last")[:100] if last is None or last <= before]
