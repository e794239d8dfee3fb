"""Reads the verbs of a TwiML document, in order. Only what a phone has to obey."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

from calls.phone.report import PhoneError


@dataclass(frozen=True)
class Verb:
    name: str
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


def verbs(document: str) -> list[Verb]:
    """`<Connect><Stream/></Connect>` comes out as one verb `Stream`."""
    try:
        root = ElementTree.fromstring(document)  # noqa: S314  our own server's document
    except ElementTree.ParseError as error:
        raise PhoneError(f"The answer is no TwiML: {document[:200]!r}") from error
    if root.tag != "Response":
        raise PhoneError(f"The answer is no TwiML: it begins with <{root.tag}>.")
    found = []
    for element in root:
        inner = element[0] if element.tag == "Connect" and len(element) else element
        found.append(Verb(inner.tag, (inner.text or "").strip(), dict(inner.attrib)))
    return found
