"""A person with a browser, as far as Django's test client is one."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test import Client

from tests.world import HOST, PASSWORD


class Visitor(Client):
    """Keeps its cookies per host, as browsers do, and leaves the connection where it was."""

    def __init__(self, host: str = HOST, **kwargs: Any) -> None:
        super().__init__(HTTP_HOST=host, **kwargs)
        self.host = host

    def request(self, **request: Any) -> Any:
        tenant = connection.tenant  # type: ignore[attr-defined]
        try:
            return super().request(**request)
        finally:
            connection.set_tenant(tenant)  # type: ignore[attr-defined]


def visitor(email: str = "", host: str = HOST, password: str = PASSWORD) -> Visitor:
    """Signed in through the sign-in page, when an e-mail address is given."""
    found = Visitor(host)
    if email:
        answer = found.post("/accounts/login/", {"login": email, "password": password})
        assert answer.status_code == 302, answer.content.decode()[-2000:]
    return found
