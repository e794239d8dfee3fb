"""Tells a system of the agency's what happened, signed so that it can be sure who says it (Standard Webhooks)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

from pydantic import Field, SecretStr, field_validator

from agents.tools.kinds.base import Job, Kind, KindAbout, Operation, Settings, done
from agents.tools.kinds.parameters import Address, Given
from media_worker.contract.flow.parts import ui
from media_worker.contract.tools import ToolOutcome
from voiceops.lib.errors import InvalidInput
from voiceops.lib.signing import webhook_headers, webhook_key


class WebhookConfig(Settings):
    url: Address = Field(min_length=8, max_length=2_000, title="Address", json_schema_extra=ui("line"))
    event: str = Field(
        default="agent.told",
        pattern=r"^[a-z][a-z0-9_.]{0,60}$",
        title="Event",
        description="How your system tells it from others: booking.wanted",
        json_schema_extra=ui("line"),
    )
    parameters: tuple[Given, ...] = Field(
        default=(), max_length=30, title="What is told", json_schema_extra=ui("rows", rows="Add a value")
    )


class WebhookSecrets(Settings):
    secret: SecretStr = Field(
        default=SecretStr(""),
        max_length=200,
        title="Signing key",
        description="whsec_ and 24 to 64 bytes in base64, the same as in your system.",
    )

    @field_validator("secret")
    @classmethod
    def _is_a_key(cls, secret: SecretStr) -> SecretStr:
        if secret.get_secret_value():
            try:
                webhook_key(secret.get_secret_value())
            except InvalidInput as error:
                raise ValueError(error.sentence) from None
        return secret


class Webhook(Kind):
    name = "webhook"
    about = KindAbout("Webhook", "webhook", "Tells your own system something, signed", "Web")
    Config, Secrets = WebhookConfig, WebhookSecrets

    def operations(self, config: WebhookConfig) -> tuple[Operation, ...]:
        return (Operation("", "Tell", "", tuple(given.parameter() for given in config.parameters)),)

    def run(self, job: Job[WebhookConfig, WebhookSecrets]) -> ToolOutcome:
        call = str(job.caller.call_id) if job.caller.call_id else None
        now = datetime.now(UTC)
        told = {
            "type": job.config.event,
            "timestamp": now.isoformat(timespec="seconds"),
            "data": {"call_id": call, "caller": job.caller.caller, "called": job.caller.called, **job.arguments},
        }
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"}
        secret = job.secrets.secret.get_secret_value()
        if secret:
            headers |= webhook_headers(secret, f"msg_{uuid.uuid4().hex}", now, body)
        answer = job.send("POST", job.config.url, headers=headers, content=body)
        return done("Done.", status=answer.status)
