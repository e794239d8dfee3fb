"""What builders declare themselves for a kind that has no parameters of its own, and what they keep of an answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from agents.tools import templating
from agents.tools.kinds.base import Settings
from media_worker.contract.flow.parts import Name, SlotType, ui
from media_worker.contract.tools import Parameter, Scalar
from voiceops.lib import outbound
from voiceops.lib.errors import AddressRefused, InvalidInput

LONGEST_KEPT = 2_000


def an_address(text: str) -> str:
    """An address of a system, written out. Raises ValueError with a sentence."""
    text = text.strip()
    if templating.holes(text):
        raise ValueError("This address is written out: no {{…}}.")
    try:
        outbound.checked(text)
    except (InvalidInput, AddressRefused) as error:
        raise ValueError(error.sentence) from None
    return text


Address = Annotated[str, AfterValidator(an_address)]


class Given(Settings):
    """An argument. With `value`, that text fills it and nobody else."""

    name: Name = Field(title="Argument", json_schema_extra=ui("line"))
    type: SlotType = Field(default="text", title="Kind", json_schema_extra=ui("choice"))
    about: str = Field(
        default="", max_length=500, title="What it is", description="For the model.", json_schema_extra=ui("line")
    )
    choices: tuple[Annotated[str, Field(min_length=1, max_length=80)], ...] = Field(
        default=(), max_length=50, title="Choices", description="One a line.", json_schema_extra=ui("lines")
    )
    source: Literal["model", "variable", "fixed"] = Field(
        default="model", title="Filled by", json_schema_extra=ui("choice")
    )
    value: str = Field(
        default="",
        max_length=2_000,
        title="Variable or text",
        description="The variable's name, or a text with {{variables}}.",
        json_schema_extra=ui("line", template=True),
    )
    required: bool = Field(default=True, title="Needed", json_schema_extra=ui("switch"))
    trusted: bool = Field(
        default=False,
        title="Never from what a caller said",
        description="For destinations and amounts.",
        json_schema_extra=ui("switch"),
    )

    @model_validator(mode="after")
    def _is_filled_by_somebody(self) -> Given:
        if self.trusted and self.source == "model":
            raise ValueError(f"“{self.name}” is not for callers to say, so a variable or a text has to fill it.")
        if self.source == "variable" and not templating.holes(f"{{{{{self.value.strip()}}}}}"):
            raise ValueError(f"Name the variable that fills “{self.name}”.")
        if self.source == "fixed" and templating.unreadable(self.value):
            raise ValueError(f"The text that fills “{self.name}” has braces that name nothing.")
        if self.type == "choice" and not self.choices:
            raise ValueError(f"“{self.name}” is a choice, and has no choices.")
        return self

    def parameter(self) -> Parameter:
        return Parameter(
            name=self.name,
            type=self.type,
            about=self.about,
            required=self.required,
            choices=self.choices,
            source=self.source,
            value=self.value.strip(),
            trusted=self.trusted,
        )


class Mapped(Settings):
    """A value of the answer that is kept as a variable."""

    name: Name = Field(title="Kept as", json_schema_extra=ui("variable"))
    path: str = Field(
        default="",
        max_length=300,
        title="Where in the answer",
        description="data.items.0.name; empty: the whole answer.",
        json_schema_extra=ui("line"),
    )
    required: bool = Field(default=False, title="Has to be there", json_schema_extra=ui("switch"))

    def value_of(self, document: Any) -> Scalar:
        value = templating.at(document, self.path)
        return value[:LONGEST_KEPT] if isinstance(value, str) else value
