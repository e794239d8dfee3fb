"""Who listens, thinks and speaks: the choices of the tab “Voice & models”, made of what vendors declare."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.accounts import queries
from agents.content import BUILT_IN, TALENTS
from agents.flow.problems import Problem
from agents.models import ProviderAccount
from media_worker.contract.spec import Scalar
from media_worker.providers.base import Field, TalentName, VendorSpec
from media_worker.providers.registry import vendor as vendor_named
from media_worker.providers.registry import vendors

MOST_BACKUPS = 5
SHOWN_BACKUPS = 50


@dataclass(frozen=True)
class About:
    icon: str
    title: str
    about: str


ABOUT: dict[TalentName, About] = {
    "stt": About(icon="ear", title="Ears", about="Turns what callers say into words."),
    "llm": About(icon="brain", title="Mind", about="Decides what to answer."),
    "tts": About(icon="audio-lines", title="Voice", about="Speaks the answer."),
}
NOBODY = ""
"""The offer of having none: for the small model and the speech-to-speech model."""
_PLACE = re.compile(r"models\.((?:stt|llm|tts)_backups\.\d{1,3}|stt|llm|tts|small|s2s)\.account")


@dataclass(frozen=True)
class Option:
    """One input, with what is set now. `value` is empty where the default holds."""

    name: str
    field: Field
    value: Scalar


@dataclass(frozen=True)
class Offer:
    """One thing that can be chosen: a vendor that needs no account, or an account."""

    key: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class ChoiceForm:
    """One choice. `path` is its place in the document, which the names of its fields begin with."""

    path: str
    offers: Sequence[Offer]
    vendor: str
    note: str
    options: Sequence[Option]
    problems: Sequence[Problem]

    @property
    def chosen(self) -> str:
        return next((offer.label for offer in self.offers if offer.chosen), "")

    @property
    def summary(self) -> str:
        """What tells it from another of the same account: its model, or its voice."""
        said = [
            str(one.value or one.field.default or "") for one in self.options if one.field.name in ("model", "voice")
        ]
        return ", ".join(text for text in said if text)


@dataclass(frozen=True)
class TalentForm:
    """The first choice for a talent, and who takes over from it."""

    talent: TalentName
    icon: str
    title: str
    about: str
    first: ChoiceForm
    backups: Sequence[ChoiceForm]
    may_add: bool


@dataclass(frozen=True)
class ModelForms:
    """All of the tab “Voice & models”."""

    talents: Sequence[TalentForm]
    small: ChoiceForm
    s2s: ChoiceForm

    @property
    def any_built_in(self) -> bool:
        return any(form.first.vendor == BUILT_IN for form in self.talents)

    @property
    def any_account(self) -> bool:
        return any(len(form.first.offers) > 1 for form in self.talents)


def model_forms(document: Any, problems: Sequence[Problem]) -> ModelForms:
    maker = _Maker(document.get("models") if isinstance(document, dict) else None, queries.active(), problems)
    return ModelForms(
        [maker.talent(talent) for talent in TALENTS],
        small=maker.choice("llm", "models.small", maker.models.get("small"), optional=True),
        s2s=maker.choice("s2s", "models.s2s", maker.models.get("s2s"), optional=True),
    )


class _Maker:
    def __init__(self, models: Any, accounts: Sequence[ProviderAccount], problems: Sequence[Problem]) -> None:
        self.models: Mapping[str, Any] = models if isinstance(models, dict) else {}
        self._accounts, self._problems = accounts, problems

    def talent(self, talent: TalentName) -> TalentForm:
        about, held = ABOUT[talent], self.models.get(f"{talent}_backups")
        path = f"models.{talent}_backups"
        rows = held if isinstance(held, list | tuple) else ()
        backups = [self.choice(talent, f"{path}.{number}", row) for number, row in enumerate(rows[:SHOWN_BACKUPS])]
        first = self.choice(talent, f"models.{talent}", self.models.get(talent))
        may_add = len(backups) < MOST_BACKUPS
        return TalentForm(talent, about.icon, about.title, about.about, first, backups, may_add)

    def choice(self, talent: TalentName, path: str, held: Any, *, optional: bool = False) -> ChoiceForm:
        choice: Mapping[str, Any] = held if isinstance(held, dict) else {}
        nobody = optional and not choice
        name = "" if nobody else str(choice.get("vendor") or BUILT_IN)
        key = NOBODY if nobody else str(choice.get("account") or name)
        vendor = _vendor(name)
        declared = vendor.talent(talent) if vendor else None
        options = choice.get("options")
        given: Mapping[str, Any] = options if isinstance(options, dict) else {}
        fields = declared.options if declared else ()
        return ChoiceForm(
            path=path,
            offers=self._offers(talent, key, optional=optional),
            vendor=name,
            note=declared.note if declared else "",
            options=[Option(f"{path}.options.{field.name}", field, given.get(field.name, "")) for field in fields],
            problems=[p for p in self._problems if p.anchor == path or p.anchor.startswith(f"{path}.")],
        )

    def _offers(self, talent: TalentName, key: str, *, optional: bool) -> list[Offer]:
        offers = [Offer(NOBODY, "None", key == NOBODY)] if optional else []
        for vendor in vendors(talent):
            bare_mind = optional and vendor.llm is not None and vendor.llm.build is None
            if not vendor.account and not bare_mind:
                offers.append(Offer(vendor.name, vendor.label, key == vendor.name))
        for account in self._accounts:
            known = queries.vendor_of(account)
            if known and known.talent(talent):
                offers.append(Offer(str(account.pk), f"{known.label}: {account.label}", key == str(account.pk)))
        if not any(offer.chosen for offer in offers):
            known = _vendor(key)
            offers.append(
                Offer(key, f"{known.label}, without an account" if known else "An account that is gone", True)
            )
        return offers


def _vendor(name: str) -> VendorSpec | None:
    try:
        return vendor_named(name)
    except KeyError:
        return None


def parse(posted: Mapping[str, str]) -> dict[str, Any]:
    """The `models` of a draft from the form. Options of another vendor than the chosen one are dropped."""
    vendors_by_account = {str(account.pk): account.vendor for account in queries.active()}
    models: dict[str, Any] = {
        talent: _choice(posted, f"models.{talent}", talent, vendors_by_account) for talent in TALENTS
    }
    models |= {f"{talent}_backups": [] for talent in TALENTS}
    for place in sorted((match[1] for name in posted if (match := _PLACE.fullmatch(name))), key=_in_order):
        if "_backups." in place:
            name = place.partition(".")[0]
            talent = next(talent for talent in TALENTS if name == f"{talent}_backups")
            models[name].append(_choice(posted, f"models.{place}", talent, vendors_by_account))
    models["small"] = _optional(posted, "models.small", "llm", vendors_by_account)
    models["s2s"] = _optional(posted, "models.s2s", "s2s", vendors_by_account)
    return models


def new_backup() -> dict[str, Any]:
    return {"account": None, "vendor": BUILT_IN, "options": {}}


def _in_order(place: str) -> tuple[str, int]:
    name, _, number = place.partition(".")
    return name, int(number or 0)


def _optional(
    posted: Mapping[str, str], path: str, talent: TalentName, accounts: Mapping[str, str]
) -> dict[str, Any] | None:
    return _choice(posted, path, talent, accounts) if posted.get(f"{path}.account", NOBODY) != NOBODY else None


def _choice(posted: Mapping[str, str], path: str, talent: TalentName, accounts: Mapping[str, str]) -> dict[str, Any]:
    """What was chosen at a place: the key of an offer is an account's id, or a vendor's name."""
    key, before = posted.get(f"{path}.account", BUILT_IN), posted.get(f"{path}.vendor", BUILT_IN)
    bare = _vendor(key) is not None
    vendor = key if bare else accounts.get(key, before)
    return {
        "account": None if bare else key,
        "vendor": vendor,
        "options": _options(posted, path, vendor, talent) if vendor == before else {},
    }


def _options(posted: Mapping[str, str], path: str, vendor: str, talent: TalentName) -> dict[str, Scalar]:
    known = _vendor(vendor)
    declared = known.talent(talent) if known else None
    found: dict[str, Scalar] = {}
    for field in declared.options if declared else ():
        value = typed(field, posted.get(f"{path}.options.{field.name}"))
        if value not in (None, "") and not _is_default(field, value):
            found[field.name] = value
    return found


def _is_default(field: Field, value: Scalar) -> bool:
    """A list and a box always hold something: what nobody changed is not kept as if somebody had chosen it."""
    return field.kind in ("choice", "bool") and value == (field.default or (False if field.kind == "bool" else ""))


def typed(field: Field, text: str | None) -> Scalar:
    """What was typed as the kind the field declares; a number that is none stays as it was typed, for the checks."""
    if field.kind == "bool":
        return text is not None
    text = (text or "").strip()
    if field.kind == "number" and text:
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            return text
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    return text
