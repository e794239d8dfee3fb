"""Which key of an account a call uses, who is using it now, and what becomes of a key that its vendor refuses.

A call takes the key with the fewest live calls for its weight. Keys that are refused, cooling or full are passed over;
when no other is left the least bad one is taken, because a call that starts badly is better than none. Every table lies
in the agency's schema: no agency can come by another's keys.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone
from pydantic import SecretStr

from agents.models import KeyLease, ProviderKey
from media_worker.contract.events import KeyTrouble
from media_worker.contract.spec import PoolKey
from tenants.audit import actions as audit

logger = logging.getLogger(__name__)

MOST_KEYS = 50
COOLS_FIRST = 30.0
COOLS_AT_MOST = 900.0
LONGEST_RETRY_AFTER = 3600.0
FORGETS_AFTER = timedelta(minutes=10)
"""A key that was left in peace so long begins again with the shortest pause."""


@dataclass(frozen=True)
class Pool:
    """The keys of an account for one call, in the order they are to be tried. `fault` says that none was fit."""

    keys: tuple[ProviderKey, ...] = ()
    fault: str = ""

    def for_the_wire(self) -> tuple[PoolKey, ...]:
        return tuple(PoolKey(id=str(key.pk), alias=key.alias, secret=SecretStr(key.secret)) for key in self.keys)


def take(call_id: UUID, accounts: Collection[UUID], leased: Collection[UUID], until: datetime) -> dict[UUID, Pool]:
    """The pool of each account; of the accounts in `leased` the call holds the first key until `release`, or `until`."""
    now = timezone.now()
    with transaction.atomic():
        KeyLease.objects.filter(call_id=call_id).delete()
        # locked in one order, so that two calls which begin at once see each other's leases and never wait in a circle
        keys = list(
            ProviderKey.objects.select_for_update(of=("self",))
            .select_related("account")
            .filter(account__in=accounts)
            .order_by("pk")
        )
        live = live_calls(keys, now)
        pools = {account: _pool([key for key in keys if key.account_id == account], live, now) for account in accounts}
        taken = [pools[account].keys[0] for account in leased if account in pools and pools[account].keys]
        KeyLease.objects.bulk_create(KeyLease(key=key, call_id=call_id, until=until) for key in taken)
        ProviderKey.objects.filter(pk__in=[key.pk for key in taken]).update(call_count=F("call_count") + 1)
    for pool in pools.values():
        if pool.fault:
            logger.warning("Call %s: %s", call_id, pool.fault)
    return pools


def release(call_id: UUID) -> None:
    """The call is over: its keys are free for others."""
    KeyLease.objects.filter(call_id=call_id).delete()


def usable(account_id: UUID) -> ProviderKey | None:
    """The key for a request outside of calls: the best there is."""
    keys = list(ProviderKey.objects.select_related("account").filter(account=account_id))
    now = timezone.now()
    return next(iter(_pool(keys, live_calls(keys, now), now).keys), None)


def live_calls(keys: Collection[ProviderKey], now: datetime) -> Mapping[UUID, int]:
    """How many calls hold each key; keys that nobody holds are missing."""
    held = KeyLease.objects.filter(key__in=keys, until__gt=now).values_list("key").annotate(Count("id"))
    return dict(held.values_list("key", "id__count"))


def is_full(key: ProviderKey, live: int) -> bool:
    return key.limit is not None and live >= key.limit


def _pool(keys: list[ProviderKey], live: Mapping[UUID, int], now: datetime) -> Pool:
    def load(key: ProviderKey) -> tuple[float, datetime]:
        return ((live.get(key.pk, 0) + 1) / max(1, key.weight), key.created_at)

    fit = [key for key in keys if not (key.refused_at or key.cools(now) or is_full(key, live.get(key.pk, 0)))]
    if fit or not keys:
        return Pool(tuple(sorted(fit, key=load)[:MOST_KEYS]))

    def badness(key: ProviderKey) -> tuple[int, float, tuple[float, datetime]]:
        cooling = (key.cooling_until - now).total_seconds() if key.cooling_until and key.cools(now) else 0.0
        return (2 if key.refused_at else 1 if cooling else 0, cooling, load(key))

    best = min(keys, key=badness)
    what = "were refused" if best.refused_at else "are over their limits"
    return Pool((best,), f"All keys of the account “{best.account}” {what}. The call goes on with “{best.alias}”.")


# ── what workers tell ────────────────────────────────────────────────────────────────────────────


def troubled(call_id: UUID, told: KeyTrouble) -> None:
    """A worker was refused with this key. It has gone on with another, so the call holds this one no longer."""
    try:
        key_id = UUID(told.key)
    except ValueError:
        logger.warning("Call %s tells of a key that is none", call_id)
        return
    with transaction.atomic():
        key = ProviderKey.objects.select_for_update(of=("self",)).select_related("account").filter(pk=key_id).first()
        if key is None:
            logger.warning("Call %s tells of key %s, which this agency does not have", call_id, key_id)
            return
        now = timezone.now()
        if told.what == "rate_limited":
            _cool(key, told.retry_after, now)
        was_refused = key.refused_at is not None
        if told.what == "refused":
            set_aside(key, "The vendor refused this key during a call. It was revoked, or its credit is used up.", now)
        key.trouble, key.trouble_at = told.what, now
        key.save()
        KeyLease.objects.filter(call_id=call_id, key=key).delete()
        if told.what == "refused" and not was_refused:
            audit.record(None, "provider_key.set_aside", key, data={"account": key.account.label})


def set_aside(key: ProviderKey, sentence: str, now: datetime) -> None:
    """On the row in hand; the caller saves it."""
    key.refused_at = key.refused_at or now
    key.refused_count += 1
    key.last_error = sentence[:300]


def _cool(key: ProviderKey, retry_after: float | None, now: datetime) -> None:
    """Twice as long each time, unless the vendor says how long. Calls that were refused together count once."""
    key.rate_limited_count += 1
    if retry_after is not None:
        wait = min(max(retry_after, 1.0), LONGEST_RETRY_AFTER)
    elif key.cools(now):
        return
    else:
        lately = key.cooling_until is not None and now - key.cooling_until < FORGETS_AFTER
        wait = min(max(COOLS_FIRST, key.cooling_seconds * 2 if lately else 0.0), COOLS_AT_MOST)
        key.cooling_seconds = wait
    until = now + timedelta(seconds=wait)
    key.cooling_until = max(until, key.cooling_until or until)
