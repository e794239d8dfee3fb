"""Whatever an SDK throws, the same question is answered: whose fault, and when again?"""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus

import httpx2
import openai
import pytest
from botocore.exceptions import ClientError
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.frames import Close
from websockets.http11 import Response

from media_worker.providers.faults import LONGEST_WAIT, VendorFault, fault_of

pytestmark = pytest.mark.unit


def openai_error(status: int, headers: dict[str, str] | None = None) -> openai.APIStatusError:
    request = httpx2.Request("POST", "http://vendor.invalid/v1")
    return openai.APIStatusError("no", response=httpx2.Response(status, headers=headers, request=request), body=None)


@pytest.mark.parametrize(
    ("status", "kind", "permanent"),
    [(401, "refused", True), (403, "refused", True), (402, "refused", True), (429, "rate_limited", False),
     (404, "rejected", True), (400, "rejected", True), (408, "unavailable", False), (500, "unavailable", False),
     (503, "unavailable", False)],
)  # fmt: skip
def test_a_status_says_whether_trying_again_can_help(status: int, kind: str, permanent: bool) -> None:
    fault = fault_of(openai_error(status))
    assert (fault.kind, fault.permanent, fault.status) == (kind, permanent, status)


def test_a_refused_websocket_tells_its_status_and_when_to_come_again() -> None:
    answer = Response(429, "Too Many Requests", Headers({"Retry-After": "7"}))
    assert fault_of(InvalidStatus(answer)) == VendorFault("rate_limited", 429, 7.0)


def test_the_wait_may_be_a_date_or_milliseconds() -> None:
    soon = openai_error(429, {"Retry-After": formatdate(time.time() + 30, usegmt=True)})
    assert fault_of(soon).retry_after == pytest.approx(30, abs=2)
    assert fault_of(openai_error(429, {"retry-after-ms": "250"})).retry_after == pytest.approx(0.25)


@pytest.mark.parametrize("value", ["soon", "nan", "", "-3", "1e99"])
def test_a_senseless_wait_is_none_or_bounded(value: str) -> None:
    wait = fault_of(openai_error(429, {"Retry-After": value})).retry_after
    assert wait is None or 0 <= wait <= LONGEST_WAIT


def test_the_cause_is_found_behind_another_exception() -> None:
    error = RuntimeError("the service could not connect")
    error.__cause__ = openai_error(401)
    assert fault_of(error).kind == "refused"


def test_amazon_says_it_in_a_dictionary() -> None:
    answer = {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": {}}}
    assert fault_of(ClientError(answer, "Converse")).kind == "rate_limited"


def test_a_status_may_be_an_enum() -> None:
    class Refused(Exception):
        code = HTTPStatus.FORBIDDEN

    assert fault_of(Refused()).kind == "refused"


def test_a_websocket_close_code_is_no_status() -> None:
    assert fault_of(ConnectionClosedError(Close(1011, "internal"), None)) == VendorFault("unavailable")


def test_without_an_exception_the_text_is_read() -> None:
    assert fault_of(None, "The voice answered 401.").kind == "refused"
    assert fault_of(None, "Flight 429 is late").kind == "unavailable"
