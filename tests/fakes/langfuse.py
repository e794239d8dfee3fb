"""A Langfuse server, as far as its SDK's ingestion goes: OTLP at `/api/public/otel/v1/traces` with Basic auth.

    with FakeLangfuse("pk-alice", "sk-alice") as server:
        server.spans()

Whoever has other keys gets the 401 that Langfuse gives. Observed with the SDK 5.0.4: one scope `langfuse-sdk` whose
attribute `public_key` has to be the project's own, and the kind of an observation in `langfuse.observation.type`.
"""

from __future__ import annotations

import base64
import json

from tests.fakes.otlp import Answer, FakeCollector, Taken


class FakeLangfuse(FakeCollector):
    path = "/api/public/otel/v1/traces"

    def __init__(self, public_key: str, secret_key: str) -> None:
        super().__init__()
        self.public_key = public_key
        self.secret_key = secret_key

    def answer_to(self, request: Taken) -> Answer | None:
        expected = "Basic " + base64.b64encode(f"{self.public_key}:{self.secret_key}".encode()).decode()
        if request.path == self.path and request.headers.get("authorization") != expected:
            told = {"error": "UnauthorizedError", "message": "Invalid credentials. Confirm that you've configured it"}
            return Answer(401, body=json.dumps(told).encode(), content_type="application/json")
        return super().answer_to(request)

    def scopes(self) -> set[tuple[str, str]]:
        """Name and public key of every scope that was taken."""
        return {
            (scoped.scope.name, pair.value.string_value)
            for taken in self.requests
            if taken.answered == 200
            for resource in taken.request.resource_spans
            for scoped in resource.scope_spans
            for pair in scoped.scope.attributes
            if pair.key == "public_key"
        }
