"""Where an account's test goes and where its key is put, as each vendor declares."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from agents.accounts.queries import can_be_tried
from agents.accounts.reaching import addressed, try_out
from agents.models import ProviderAccount
from media_worker.contract.spec import Provider
from media_worker.providers.base import Probe
from media_worker.providers.registry import vendor
from voiceops.lib.errors import ProviderRefused

pytestmark = pytest.mark.unit
KEY = "k-12345/6&7"


def provider(**fields: object) -> Provider:
    return Provider.model_validate({"vendor": "any", "api_key": SecretStr(KEY), **fields})


@pytest.mark.parametrize(
    ("probe", "address", "header"),
    [
        (Probe(base="https://v.example/v1"), "https://v.example/v1/models", ("Authorization", f"Bearer {KEY}")),
        (Probe("/projects", "https://v.example", scheme="Token"), "https://v.example/projects", ("Authorization", f"Token {KEY}")),
        (Probe("/voices", "https://v.example", header="xi-api-key", scheme=""), "https://v.example/voices", ("xi-api-key", KEY)),
        (Probe("/models", "https://v.example", query="key"), "https://v.example/models?key=k-12345%2F6%267", None),
        (Probe("/a?b=c", "https://v.example", query="key"), "https://v.example/a?b=c&key=k-12345%2F6%267", None),
    ],
)  # fmt: skip
def test_the_key_goes_where_the_vendor_wants_it(probe: Probe, address: str, header: tuple[str, str] | None) -> None:
    where, headers = addressed(provider(), probe, probe.path)
    assert where == address
    if header is None:
        assert KEY not in str(headers)
    else:
        assert headers[header[0]] == header[1]


def test_the_accounts_own_address_and_fields_count() -> None:
    probe = Probe("/{area}/models", "https://{region}.v.example", account_headers=(("project", "X-Project"),))
    own = provider(base_url="wss://own.example/v1/", account={"area": "eu", "project": "p1"})
    where, headers = addressed(own, probe, probe.path)
    assert (where, headers["X-Project"]) == ("https://own.example/v1/eu/models", "p1")
    where, _ = addressed(provider(account={"area": "a", "region": "west-1"}), probe, probe.path)
    assert where == "https://west-1.v.example/a/models"


@pytest.mark.parametrize("region", ["", "evil.example/", "a@b", "a#", "..", "a b"])
def test_a_field_cannot_lead_to_another_host(region: str) -> None:
    probe = Probe("/models", "https://{region}.v.example")
    with pytest.raises(ProviderRefused, match="region is missing or not written"):
        addressed(provider(account={"region": region}), probe, probe.path)


@pytest.mark.parametrize(
    ("vendor", "base_url", "account", "possible"),
    [
        ("openai", "", {}, True),
        ("openai_compatible", "https://own.example/v1", {}, True),
        ("openai_compatible", "", {}, False),
        ("sarvam", "", {}, False),
        ("speechmatics", "", {}, True),
        ("speechmatics", "https://us.rt.speechmatics.com", {}, False),
        ("piper", "http://localhost:5000", {}, True),
        ("piper", "http://localhost:5000", {"folder": "/voices"}, False),
        ("a_vendor_of_the_past", "", {}, False),
    ],
)
def test_what_cannot_be_asked_is_not_tried(vendor: str, base_url: str, account: dict[str, str], possible: bool) -> None:
    row = ProviderAccount(vendor=vendor, label="Any", base_url=base_url, account=account)
    assert can_be_tried(row) is possible


@pytest.mark.parametrize(
    ("name", "address", "header", "value"),
    [
        ("deepgram", "https://api.deepgram.com/v1/projects", "Authorization", f"Token {KEY}"),
        ("speechmatics", "https://asr.api.speechmatics.com/v2/jobs?limit=1", "Authorization", f"Bearer {KEY}"),
        ("assemblyai", "https://api.assemblyai.com/v2/transcript?limit=1", "Authorization", KEY),
        ("elevenlabs", "https://api.elevenlabs.io/v1/models", "xi-api-key", KEY),
        ("cartesia", "https://api.cartesia.ai/voices?limit=1", "X-API-Key", KEY),
    ],
)
def test_a_streaming_vendors_key_can_be_tried(name: str, address: str, header: str, value: str) -> None:
    probe = vendor(name).probe
    assert probe is not None
    where, headers = addressed(provider(vendor=name), probe, probe.path)
    assert (where, headers[header]) == (address, value)


def test_an_address_of_ones_own_is_not_where_the_vendor_answers_such_requests() -> None:
    account = ProviderAccount(vendor="assemblyai", base_url="https://streaming.eu.assemblyai.com")
    with pytest.raises(ProviderRefused, match="an address of its own cannot be tested"):
        try_out(account)
