"""Transfers: the numbers are configured here, and no caller and no model can name another."""

from __future__ import annotations

import phonenumbers
from pydantic import Field, field_validator, model_validator

from agents.tools.kinds.base import Kind, KindAbout, Operation, Settings
from media_worker.contract.flow.parts import Name, ui
from media_worker.contract.tools import Parameter


class Destination(Settings):
    name: Name = Field(title="Name", description="As flows call it: reception, billing.", json_schema_extra=ui("line"))
    number: str = Field(title="Number", description="With its country code.", json_schema_extra=ui("phone"))
    about: str = Field(
        default="",
        max_length=300,
        title="When",
        description="When callers are put through to it, for the language model.",
        json_schema_extra=ui("line"),
    )

    @field_validator("number")
    @classmethod
    def _is_a_number(cls, text: str) -> str:
        try:
            number = phonenumbers.parse(text, None)
        except phonenumbers.NumberParseException:
            raise ValueError("Write the number with its country code, for example +14155550123.") from None
        if not phonenumbers.is_possible_number(number):
            raise ValueError("This is no number that exists: check its digits.")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class TransferConfig(Settings):
    numbers: tuple[Destination, ...] = Field(
        min_length=1, max_length=20, title="Numbers", json_schema_extra=ui("rows", rows="Add a number")
    )

    @model_validator(mode="after")
    def _names_differ(self) -> TransferConfig:
        names = [one.name for one in self.numbers]
        if len(names) != len(set(names)):
            raise ValueError("Two numbers have the same name.")
        return self


class Transfer(Kind):
    """One number goes by the tool's own name, several by `<tool>_<number>`."""

    name = "transfer"
    about = KindAbout("Transfer", "phone-forwarded", "Puts callers through to numbers that are named here", "Call")
    Config = TransferConfig

    def operations(self, config: TransferConfig) -> tuple[Operation, ...]:
        alone = len(config.numbers) == 1
        return tuple(
            Operation(
                "" if alone else one.name,
                f"To {one.name.replace('_', ' ')}",
                one.about or f"Puts the caller through to {one.name.replace('_', ' ')}.",
                (Parameter(name="to", type="phone", source="fixed", value=one.number, trusted=True),),
                act="transfer",
            )
            for one in config.numbers
        )
