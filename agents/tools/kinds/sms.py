"""Text messages by the client's own carrier account. Where they go is configured here and known to the host: it never
comes from the conversation."""

from __future__ import annotations

from typing import Literal

import phonenumbers
from pydantic import Field, field_validator, model_validator

from agents.tools import ports
from agents.tools.kinds.base import KNOWN, Job, Kind, KindAbout, NoSecrets, Operation, Settings, ToolFailed, done
from agents.tools.templating import holes, in_text, unreadable
from media_worker.contract.flow.parts import ui
from media_worker.contract.tools import Parameter, ToolOutcome

LONGEST = 1_200
"""Some eight parts: what the carrier takes in one message."""


class SmsConfig(Settings):
    to: Literal["caller", "number"] = Field(default="caller", title="Goes to", json_schema_extra=ui("choice"))
    number: str = Field(
        default="",
        title="That number",
        description="With its country code; when it does not go to the caller.",
        json_schema_extra=ui("phone"),
    )
    sender: str = Field(
        default="",
        title="Sent from",
        description="A number of the client. Empty: the number that was called, or the client's first.",
        json_schema_extra=ui("phone", advanced=True),
    )
    text: str = Field(
        default="",
        max_length=LONGEST,
        title="Message",
        description="{{message}} is what the agent writes. Empty: that alone.",
        json_schema_extra=ui("prose", template=True),
    )

    @field_validator("number", "sender")
    @classmethod
    def _is_a_number(cls, text: str) -> str:
        if not text.strip():
            return ""
        try:
            number = phonenumbers.parse(text, None)
        except phonenumbers.NumberParseException:
            raise ValueError("Write the number with its country code, for example +14155550123.") from None
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    @model_validator(mode="after")
    def _goes_somewhere(self) -> SmsConfig:
        if self.to == "number" and not self.number:
            raise ValueError("Say which number it goes to.")
        if unreadable(self.text):
            raise ValueError("The message has braces that name nothing: write {{message}} or {{name}}.")
        return self


class Sms(Kind):
    name = "sms"
    about = KindAbout("Text message", "message-square", "Sends an SMS from the client's own number", "Messages")
    Config = SmsConfig
    Secrets = NoSecrets

    def operations(self, config: SmsConfig) -> tuple[Operation, ...]:
        names = holes(config.text) if config.text else ["message"]
        others = tuple(
            Parameter(name="message", about="The message's text.")
            if name == "message"
            else Parameter(name=name, source="variable", value=name, required=False)
            for name in names
            if name not in KNOWN
        )
        whom = "the caller" if config.to == "caller" else "a number of the business"
        return (Operation("", "Send a message", f"Sends a text message to {whom}.", others, sets=("sms_id",)),)

    def run(self, job: Job[SmsConfig, NoSecrets]) -> ToolOutcome:
        to = job.caller.party if job.config.to == "caller" else job.config.number
        if not to:
            raise ToolFailed("The caller's number is not known.")
        values = {**job.caller.known(), **job.arguments}
        text = in_text(job.config.text or "{{message}}", values).strip()
        if not text:
            raise ToolFailed("The message is empty.")
        if len(text) > LONGEST:
            raise ToolFailed(f"The message is longer than {LONGEST} characters.")
        sender = job.config.sender or job.caller.line
        message = ports.TextMessage(job.caller.client_id, to, text, sender)
        return done("The message is sent.", {"sms_id": ports.send_text(message, job.left)})
