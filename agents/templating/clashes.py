"""Places that differ, in the words of the page that compares versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agents.flow.differences import Change, differences
from agents.models import ProviderAccount
from agents.templating.merge import KEYS, MISSING, Clash


@dataclass(frozen=True)
class Shown:
    """A clash for people: its place, what the instance has and what the template offers. Empty: it is not there."""

    key: str
    place: str
    instance: str
    template: str
    was: str


def shown(clashes: Iterable[Clash]) -> list[Shown]:
    accounts = {str(pk): label for pk, label in ProviderAccount.objects.values_list("pk", "label")}
    return [_shown(clash, accounts) for clash in clashes]


def _shown(clash: Clash, accounts: Mapping[str, str]) -> Shown:
    return Shown(
        key=clash.key,
        place=place(clash),
        instance=_words(clash, clash.instance, accounts),
        template=_words(clash, clash.template, accounts),
        was=_words(clash, clash.base, accounts),
    )


def place(clash: Clash) -> str:
    """“Step “booking”, question “day”, question”."""
    for one, other in ((clash.instance, clash.template), (clash.instance, MISSING), (MISSING, clash.template)):
        found = differences(_around(clash, one), _around(clash, other))
        if found:
            said = [change.place.split(", ") for change in found]
            shared = [parts[0] for parts in zip(*said, strict=False) if len(set(parts)) == 1]
            return ", ".join(shared) or ", ".join(said[0])
    return " ".join(part.replace("_", " ") for part in clash.path[1:]) or "Script"


def _words(clash: Clash, value: Any, accounts: Mapping[str, str]) -> str:
    """A value as text, line by line as the comparison of versions writes it."""
    if value is MISSING or value in (None, "", [], {}):
        return ""
    if isinstance(value, str):
        return value
    found = differences({}, _around(clash, value), accounts)
    own = place(clash)
    return "\n".join(line for change in found for line in _lines(change, own))


def _lines(change: Change, own: str) -> list[str]:
    label = change.place
    for said in (own, own.rpartition(",")[0]):
        label = label.removeprefix(said) if said else label
    label = label.strip(" ,")
    texts = [line.text for line in change.lines if line.kind != "gone"]
    if not label or len(texts) != 1:
        return [*([f"{label}:"] if label else []), *texts]
    return [f"{label}: {texts[0]}"]


def _around(clash: Clash, value: Any) -> dict[str, Any]:
    """A document in which nothing stands but this value, at its place."""
    if value is MISSING:
        return {}
    path, here = clash.path, value
    for number in range(len(path) - 1, -1, -1):
        key = KEYS.get(path[number - 1]) if number else None
        if key is None:
            here = {path[number]: here}
        else:
            kind = {"type": clash.kind} if number == 2 and clash.kind else {}
            here = [{**kind, **(here if isinstance(here, dict) else {}), key: path[number]}]
    return here if isinstance(here, dict) else {}
