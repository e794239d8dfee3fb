"""Several keys of one account share the calls; one that its vendor refuses is set aside, and no agency gets another's."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import schema_context

from agents.accounts import actions as accounts
from agents.accounts import keys, listing, pools
from agents.accounts.actions import AccountDraft
from agents.accounts.keys import KeyDraft
from agents.models import KeyLease, ProviderAccount, ProviderKey
from media_worker.contract.events import KeyTrouble
from tenants.audit.models import AuditEvent
from tests.agents.conftest import browser
from tests.fakes.vendors.openai_server import FakeOpenAI
from tests.world import RIVAL_HOST, World
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.db
KEY = "sk-right-key-1234"


@pytest.fixture
def account(agency: World, models_server: FakeOpenAI) -> ProviderAccount:
    draft = AccountDraft("openai_compatible", "GPU server", base_url=models_server.base_url, api_key=KEY)
    return accounts.create(agency.alice, draft)


@pytest.fixture
def second(agency: World, account: ProviderAccount) -> ProviderKey:
    return keys.add(agency.alice, account, KeyDraft("Second", "sk-second-key-5678"))


def take(account: ProviderAccount, call: uuid.UUID | None = None) -> pools.Pool:
    until = timezone.now() + timedelta(minutes=30)
    return pools.take(call or uuid.uuid4(), [account.pk], [account.pk], until)[account.pk]


def first(account: ProviderAccount) -> ProviderKey:
    return account.keys.get(alias="Key 1")


def tell(key: ProviderKey, what: Any, retry_after: float | None = None) -> ProviderKey:
    pools.troubled(uuid.uuid4(), KeyTrouble(key=str(key.pk), what=what, retry_after=retry_after))
    return ProviderKey.objects.get(pk=key.pk)


def seconds_left(key: ProviderKey) -> float:
    assert key.cooling_until is not None
    return (key.cooling_until - timezone.now()).total_seconds()


# ── the choice ───────────────────────────────────────────────────────────────────────────────────


def test_calls_are_shared_by_weight(account: ProviderAccount, second: ProviderKey) -> None:
    ProviderKey.objects.filter(pk=second.pk).update(weight=3)
    began = Counter(take(account).keys[0].alias for _ in range(8))
    assert began == {"Second": 6, "Key 1": 2}


def test_a_key_that_a_call_gave_back_is_taken_again(account: ProviderAccount, second: ProviderKey) -> None:
    call = uuid.uuid4()
    assert take(account, call).keys[0].alias == "Key 1"
    assert take(account).keys[0].alias == "Second"
    pools.release(call)
    assert take(account).keys[0].alias == "Key 1"


def test_a_call_that_comes_back_holds_one_key_not_two(account: ProviderAccount, second: ProviderKey) -> None:
    call = uuid.uuid4()
    for _ in range(3):
        take(account, call)
    assert KeyLease.objects.filter(call_id=call).count() == 1


def test_a_lease_that_nobody_ended_runs_out(account: ProviderAccount) -> None:
    ProviderKey.objects.update(limit=1)
    take(account)
    assert "over their limits" in take(account).fault
    KeyLease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert take(account).fault == ""


def test_a_full_key_is_passed_over(account: ProviderAccount, second: ProviderKey) -> None:
    ProviderKey.objects.filter(alias="Key 1").update(limit=1, weight=100)
    assert [take(account).keys[0].alias for _ in range(3)] == ["Key 1", "Second", "Second"]


def test_when_no_key_is_fit_the_least_bad_one_is_taken_and_said(account: ProviderAccount, second: ProviderKey) -> None:
    now = timezone.now()
    ProviderKey.objects.filter(alias="Key 1").update(refused_at=now)
    ProviderKey.objects.filter(alias="Second").update(cooling_until=now + timedelta(seconds=60))
    pool = take(account)
    assert [key.alias for key in pool.keys] == ["Second"]
    assert "All keys of the account “GPU server” are over their limits" in pool.fault


def test_an_account_without_keys_has_an_empty_pool(agency: World, models_server: FakeOpenAI) -> None:
    account = accounts.create(agency.alice, AccountDraft("openai_compatible", "Free", base_url=models_server.base_url))
    assert take(account) == pools.Pool()


# ── what workers tell ────────────────────────────────────────────────────────────────────────────


def test_a_key_over_its_limit_cools_as_long_as_the_vendor_says(account: ProviderAccount, second: ProviderKey) -> None:
    key = tell(first(account), "rate_limited", 90)
    assert 85 < seconds_left(key) <= 90
    assert [key.alias for key in take(account).keys] == ["Second"]
    assert seconds_left(tell(key, "rate_limited", 5)) > 80, "a shorter pause does not cut a longer one"
    assert seconds_left(tell(key, "rate_limited", 86_400)) <= pools.LONGEST_RETRY_AFTER


def test_without_a_word_from_the_vendor_the_pause_doubles(account: ProviderAccount) -> None:
    key = tell(first(account), "rate_limited")
    assert 25 < seconds_left(key) <= 30
    assert seconds_left(tell(key, "rate_limited")) <= 30, "twenty calls that were refused together count once"
    waits = []
    for _ in range(7):
        ProviderKey.objects.update(cooling_until=timezone.now() - timedelta(seconds=1))
        waits.append(round(seconds_left(tell(key, "rate_limited")), -1))
    assert waits == [60, 120, 240, 480, 900, 900, 900]
    ProviderKey.objects.update(cooling_until=timezone.now() - timedelta(hours=1))
    assert seconds_left(tell(key, "rate_limited")) <= 30, "what was long ago is forgotten"


def test_a_revoked_key_is_set_aside_flagged_and_audited_once(
    account: ProviderAccount, second: ProviderKey, agency: World
) -> None:
    for _ in range(3):
        key = tell(first(account), "refused")
    assert key.refused_at is not None
    assert key.refused_count == 3
    assert [key.alias for key in take(account).keys] == ["Second"]
    assert AuditEvent.objects.filter(action="provider_key.set_aside").count() == 1
    page = browser(agency.alice)
    assert "Set aside" in page.get(reverse("provider", args=[account.pk])).content.decode()
    home = page.get("/").content.decode()
    assert "the key “Key 1” is set aside" in home
    assert reverse("provider", args=[account.pk]) in home
    assert "is set aside" not in browser(agency.bob).get("/").content.decode()


def test_a_test_that_works_takes_the_key_into_use_again(account: ProviderAccount, agency: World) -> None:
    key = tell(first(account), "refused")
    answer = browser(agency.alice).post(reverse("try_key", args=[account.pk, key.pk]))
    assert answer.status_code == 302
    key.refresh_from_db()
    assert (key.refused_at, key.last_error) == (None, "")
    assert "is set aside" not in browser(agency.alice).get("/").content.decode()


def test_a_test_that_is_refused_sets_the_key_aside(
    account: ProviderAccount, second: ProviderKey, agency: World
) -> None:
    page = browser(agency.alice)
    page.post(reverse("try_provider", args=[account.pk]))
    second.refresh_from_db()
    assert second.refused_at is not None
    assert first(account).refused_at is None
    assert listing.row(account).state == "partly"


def test_the_call_that_was_refused_holds_the_key_no_longer(account: ProviderAccount) -> None:
    call = uuid.uuid4()
    key = take(account, call).keys[0]
    pools.troubled(call, KeyTrouble(key=str(key.pk), what="rate_limited"))
    assert not KeyLease.objects.filter(call_id=call).exists()


@pytest.mark.parametrize("told", ["", "no key at all", "00000000-0000-4000-8000-000000000000"])
def test_trouble_with_a_key_that_is_none_changes_nothing(account: ProviderAccount, told: str) -> None:
    pools.troubled(uuid.uuid4(), KeyTrouble(key=told, what="refused"))
    assert first(account).refused_at is None


# ── one agency's pool is never another's ─────────────────────────────────────────────────────────


def test_charlie_comes_by_none_of_alices_keys(account: ProviderAccount, agency: World) -> None:
    key = first(account)
    with schema_context("charlie"):
        until = timezone.now() + timedelta(minutes=1)
        assert pools.take(uuid.uuid4(), [account.pk], [account.pk], until)[account.pk].keys == ()
        assert pools.usable(account.pk) is None
        pools.troubled(uuid.uuid4(), KeyTrouble(key=str(key.pk), what="refused"))
        assert not KeyLease.objects.exists()
        charlie = browser(agency.charlie, RIVAL_HOST)
        for view in ("provider_key", "try_key", "reinstate_key", "remove_key"):
            assert charlie.post(reverse(view, args=[account.pk, key.pk])).status_code == 404, view
        assert charlie.post(reverse("new_provider_key", args=[account.pk])).status_code == 404
    key.refresh_from_db()
    assert key.refused_at is None


def test_only_who_manages_accounts_touches_keys(account: ProviderAccount, agency: World) -> None:
    key = first(account)
    for person in (agency.bob, agency.dana, agency.erin):
        page = browser(person)
        for view in ("provider_key", "try_key", "reinstate_key", "remove_key"):
            assert page.post(reverse(view, args=[account.pk, key.pk])).status_code == 404
        assert page.get(reverse("new_provider_key", args=[account.pk])).status_code == 404


def test_a_key_is_found_under_its_own_account_alone(account: ProviderAccount, agency: World) -> None:
    other = accounts.create(agency.alice, AccountDraft("openai", "Other", api_key="sk-other-key-9999"))
    where = reverse("provider_key", args=[other.pk, first(account).pk])
    assert browser(agency.alice).get(where).status_code == 404


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────


def test_keys_are_added_replaced_and_removed(account: ProviderAccount, agency: World) -> None:
    page = browser(agency.alice)
    posted = {"alias": "Night", "secret": "sk-for-the-night-77", "weight": "2", "limit": "10"}
    assert page.post(reverse("new_provider_key", args=[account.pk]), posted).status_code == 302
    night = account.keys.get(alias="Night")
    assert (night.weight, night.limit, night.secret) == (2, 10, "sk-for-the-night-77")
    assert night.refused_at is not None, "the server did not know it"
    where = reverse("provider_key", args=[account.pk, night.pk])
    assert page.post(where, posted | {"secret": "", "limit": ""}).status_code == 302
    night.refresh_from_db()
    assert (night.limit, night.secret) == (None, "sk-for-the-night-77")
    assert page.post(where, posted | {"secret": KEY}).status_code == 302
    night.refresh_from_db()
    assert night.secret == KEY
    assert str(night.refused_at) == "None", "the new key works"
    shown = page.get(reverse("provider", args=[account.pk])).content.decode()
    assert "sk-for-the-night" not in shown
    assert page.post(reverse("remove_key", args=[account.pk, night.pk])).status_code == 302
    assert [key.alias for key in account.keys.all()] == ["Key 1"]
    rows = list(AuditEvent.objects.filter(action__startswith="provider_key.").values_list("data", flat=True))
    assert len(rows) >= 4
    assert "sk-" not in str(rows)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"alias": "  "}, "alias"),
        ({"alias": "Key 1"}, "alias"),
        ({"secret": " "}, "secret"),
        ({"secret": "x" * 9000}, "secret"),
        ({"weight": 0}, "weight"),
        ({"limit": 0}, "limit"),
    ],
)
def test_what_cannot_be_a_key_is_refused_at_its_field(
    account: ProviderAccount, agency: World, changed: dict[str, Any], field: str
) -> None:
    draft = KeyDraft(**({"alias": "New", "secret": "sk-new-key-0000"} | changed))
    with pytest.raises(InvalidInput) as refused:
        keys.add(agency.alice, account, draft)
    assert refused.value.field == field
    assert account.keys.count() == 1


def test_the_only_key_of_a_vendor_that_needs_one_stays(agency: World) -> None:
    account = accounts.create(agency.alice, AccountDraft("openai", "Main", api_key="sk-only-key-123456"))
    with pytest.raises(InvalidInput, match="only key"):
        keys.remove(agency.alice, account.keys.get())


def test_a_pool_has_an_end(account: ProviderAccount, agency: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "MOST_KEYS", 1)
    with pytest.raises(InvalidInput, match="at most 1 keys"):
        keys.add(agency.alice, account, KeyDraft("More", "sk-more-key-0000"))


# ── at the same moment ───────────────────────────────────────────────────────────────────────────


def test_calls_that_begin_together_never_overfill_a_key(committed: str, world: World) -> None:
    with schema_context("alice"):
        account = accounts.create(world.alice, AccountDraft("openai", "Main", api_key="sk-first-key-0000"))
        for name in ("Second", "Third"):
            keys.add(world.alice, account, KeyDraft(name, f"sk-{name}-key-0000"))
        ProviderKey.objects.update(limit=4)
    start, failures, faults = threading.Barrier(6), list[BaseException](), list[str]()

    def begin() -> None:
        try:
            with schema_context("alice"):
                start.wait()
                faults.extend(take(account).fault for _ in range(3))
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with schema_context("alice"):
        live = Counter(KeyLease.objects.values_list("key__alias", flat=True))
    fit = len([fault for fault in faults if not fault])
    assert fit == 12, "three keys of four calls each"
    assert sorted(live.values()) == [6, 6, 6], "what came after that is shared by the least bad"
