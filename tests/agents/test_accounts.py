from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from agents.accounts import actions as accounts
from agents.accounts import reaching
from agents.accounts.actions import AccountDraft
from agents.models import ProviderAccount, ProviderKey
from media_worker.providers.base import VendorSpec
from media_worker.providers.registry import vendors
from tenants.audit.models import AuditEvent
from tests.agents.conftest import browser
from tests.fakes.vendors.openai_server import FakeOpenAI
from tests.world import World
from voiceops.lib.errors import InvalidInput, ProviderError

pytestmark = pytest.mark.db
KEY = "sk-right-key-1234"


@pytest.fixture
def account(agency: World, models_server: FakeOpenAI) -> ProviderAccount:
    draft = AccountDraft("openai_compatible", "GPU server", base_url=models_server.base_url, api_key=KEY)
    return accounts.create(agency.alice, draft)


def test_a_key_goes_in_and_never_comes_out(account: ProviderAccount, agency: World) -> None:
    page, key = browser(agency.alice), account.keys.get()
    for where in (
        reverse("providers"),
        reverse("provider", args=[account.pk]),
        reverse("provider_key", args=[account.pk, key.pk]),
    ):
        shown = page.get(where).content.decode()
        assert KEY not in shown
        assert "1234" in shown
    assert KEY not in json.dumps(list(AuditEvent.objects.values("data", "object_label")))
    stored = ProviderKey.objects.values_list("secret", flat=True)[0]
    assert KEY not in stored


def test_an_account_is_renamed_and_its_key_stays(account: ProviderAccount, agency: World) -> None:
    posted = {"label": "Renamed", "base_url": account.base_url}
    assert browser(agency.alice).post(reverse("provider", args=[account.pk]), posted).status_code == 302
    account.refresh_from_db()
    assert (account.label, account.keys.get().secret) == ("Renamed", KEY)


def test_the_only_secret_of_an_account_is_its_key() -> None:
    secrets = {(vendor.name, field.name) for vendor in vendors() for field in vendor.account if field.kind == "secret"}
    assert {name for _, name in secrets} <= {"api_key"}, "other fields are stored as they are typed"


def test_only_who_manages_accounts_sees_them(account: ProviderAccount, agency: World) -> None:
    for person in (agency.bob, agency.dana, agency.erin):
        page = browser(person)
        for where in ("providers", "carriers"):
            assert page.get(reverse(where)).status_code == 404
        assert page.get(reverse("provider", args=[account.pk])).status_code == 404
        assert page.post(reverse("archive_provider", args=[account.pk])).status_code == 404


def test_a_real_request_tells_whether_the_key_works(account: ProviderAccount, models_server: FakeOpenAI) -> None:
    assert "It works" in reaching.try_out(account)
    wrong = ProviderKey(account=account, alias="Wrong", secret="sk-wrong-key-99999")
    with pytest.raises(ProviderError, match="refused the key") as refused:
        reaching.try_out(account, wrong)
    assert "sk-wrong" not in str(refused.value)
    account.base_url = models_server.base_url.removesuffix("/v1")
    with pytest.raises(ProviderError, match="not this path"):
        reaching.try_out(account)
    account.base_url = "http://127.0.0.1:9"
    with pytest.raises(ProviderError, match="cannot be reached"):
        reaching.try_out(account)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:11434/v1",
        "http://[::1]/v1",
        "http://169.254.169.254/latest",
        "http://10.0.0.1",
        "http://0x7f.1",
    ],
)
def test_a_private_address_is_refused_unless_the_operator_allows_it(agency: World, settings: Any, address: str) -> None:
    settings.MODEL_NETWORKS = []
    with pytest.raises(InvalidInput, match="private network"):
        accounts.create(agency.alice, AccountDraft("openai_compatible", "Inside", base_url=address))
    account = ProviderAccount(vendor="openai_compatible", label="Inside", base_url=address)
    with pytest.raises(ProviderError, match="private network"):
        reaching.try_out(account)


@pytest.mark.parametrize("address", ["ftp://models.example", "javascript:alert(1)", "http://a:b@models.example", "x"])
def test_what_is_no_address_is_said(agency: World, address: str) -> None:
    with pytest.raises(InvalidInput, match="Address"):
        accounts.create(agency.alice, AccountDraft("openai_compatible", "Odd", base_url=address))


def test_vendors_are_found_by_what_they_do_and_by_name(agency: World) -> None:
    page = browser(agency.alice)
    shown = page.get(reverse("vendors")).content.decode()
    for title in ("Ears", "Minds", "Voices", "Speech-to-speech"):
        assert f"<h2>{title}</h2>" in shown
    assert "Built in" not in shown
    assert "Needs no account: choose it in an agent" in shown
    found = page.get(reverse("vendors"), {"q": "local voice"}).content.decode()
    assert "Piper" in found
    assert "Deepgram" not in found
    assert "No vendor by that name" in page.get(reverse("vendors"), {"q": "zzz"}).content.decode()
    assert browser(agency.bob).get(reverse("vendors")).status_code == 404


@pytest.mark.parametrize("vendor", [vendor for vendor in vendors() if vendor.account], ids=lambda vendor: vendor.name)
def test_every_vendor_has_a_form_that_opens_and_says_what_is_missing(agency: World, vendor: VendorSpec) -> None:
    page, where = browser(agency.alice), reverse("new_provider", args=[vendor.name])
    assert page.get(where).status_code == 200
    refused = page.post(where, {"label": ""})
    assert refused.status_code == 422
    assert "This field is required" in refused.content.decode()
