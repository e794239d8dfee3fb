"""A template version and values become an agent's document, and a master's draft becomes a template version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from agents.content import AgentContent, Origin, read
from agents.errors import NotPublishable
from agents.models import TemplateVersion
from agents.templating.holes import filled, holes, texts_of, with_holes
from agents.templating.parameters import Filled, Kind, Parameter, Parameters, Values, fill_in, read_parameters
from voiceops.lib.errors import InvalidInput

_SAMPLES: dict[Kind, str] = {
    "text": "Sample", "long_text": "Sample", "phone": "+14155550123", "number": "1", "choice": "",
    "hours": "Mon-Fri 09:00-17:00", "voice": "",
}  # fmt: skip
ONLY_ONE: tuple[Kind, ...] = ("hours", "voice")


def parameters_of(version: TemplateVersion) -> Parameters:
    return read_parameters(version.parameters)


def rendered(version: TemplateVersion, values: Values) -> dict[str, Any]:
    """The document of an instance with these (checked) values, as `AgentContent` writes it, with its origin.

    What does not read cleanly is given as it is: whoever uses it reads it. Raises InvalidInput when a value cannot
    stand where the template has its hole.
    """
    document = filled(version.content, parameters_of(version), values)
    document["origin"] = Origin(version=version.pk, number=version.number, values=values).model_dump(mode="json")
    return written_out(document) or document


def values_for(version: TemplateVersion, given: Mapping[str, object]) -> Filled:
    """Values for this version: what was given, else the defaults."""
    return fill_in(parameters_of(version), given)


def hollow(document: dict[str, Any], parameters: Parameters) -> dict[str, Any]:
    """The master's document as a template's.

    Raises NotPublishable when the master does not read cleanly, or would not with other values; InvalidInput when a
    parameter stands nowhere, or a hole is nobody's.
    """
    reading = read(document)
    if reading.content is None or reading.blocking:
        raise NotPublishable(reading.blocking)
    for kind in ONLY_ONE:
        same = [parameter.label for parameter in parameters if parameter.kind == kind]
        if len(same) > 1:
            raise InvalidInput(f"“{same[0]}” and “{same[1]}” are of a kind of which there is one: keep one of them.")
    made = with_holes(reading.content.document(), parameters)
    made["origin"] = None
    used, declared = set(holes(made)), {parameter.name for parameter in parameters}
    for parameter in parameters:
        if parameter.name not in used:
            raise InvalidInput(
                f"“{parameter.label}” stands nowhere: the agent never says “{parameter.stands_for[:60]}”. "
                "Write what it says, or leave the parameter out."
            )
    if nobodys := sorted(used - declared):
        where = next(text for _, text in texts_of(made) if f"[[{nobodys[0]}" in text)
        raise InvalidInput(f"In “{where[:60]}” stands [[{nobodys[0]}]], and no parameter is called so.")
    _refuse_what_breaks(made, parameters)
    return made


def _refuse_what_breaks(made: dict[str, Any], parameters: Parameters) -> None:
    sample = fill_in(parameters, {parameter.name: _sample(parameter) for parameter in parameters}).values
    reading = read(filled(made, parameters, sample))
    if reading.content is None or reading.blocking:
        raise NotPublishable(reading.blocking)


def _sample(parameter: Parameter) -> str:
    own = parameter.default or parameter.stands_for
    if own and not fill_in((parameter,), {parameter.name: own}).problems:
        return own
    return parameter.choices[0] if parameter.choices else _SAMPLES[parameter.kind] or own


def written_out(document: object) -> dict[str, Any] | None:
    """The document with all its defaults; None when its shape is wrong. What makes sense is not asked, which is quick."""
    try:
        return AgentContent.model_validate(document).document()
    except ValidationError:
        return None
