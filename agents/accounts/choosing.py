"""Who listens, thinks and speaks: the choices of the tab “Voice & models”, made of what vendors declare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.accounts import queries
from agents.content import BUILT_IN, TALENTS
from agents.flow.problems import Problem
from agents.models import ProviderAccount
from media_worker.contract.spec import Scalar
from media_worker.providers.base import Field, TalentName
from media_worker.providers.registry import vendor as vendor_named


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
LANGUAGES = (
    ("en", "English"), ("en-US", "English (United States)"), ("en-GB", "English (United Kingdom)"),
    ("de", "German"), ("fr", "French"), ("es", "Spanish"), ("it", "Italian"), ("pt", "Portuguese"), ("nl", "Dutch"),
    ("pl", "Polish"), ("tr", "Turkish"), ("ar", "Arabic"), ("he", "Hebrew"), ("hi", "Hindi"), ("ja", "Japanese"),
    ("zh", "Chinese"),
)  # fmt: skip


@dataclass(frozen=True)
class Option:
    """One input, with what is set now. `value` is empty where the default holds."""

    name: str
    field: Field
    value: Scalar


@dataclass(frozen=True)
class Offer:
    """One thing that can be chosen: the built-in, or an account."""

    key: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class TalentForm:
    talent: TalentName
    icon: str
    title: str
    about: str
    offers: Sequence[Offer]
    vendor: str
    vendor_label: str
    note: str
    is_built_in: bool
    options: Sequence[Option]
    problems: Sequence[Problem]


def talent_forms(document: Any, problems: Sequence[Problem]) -> list[TalentForm]:
    models = document.get("models") if isinstance(document, dict) else None
    accounts = queries.active()
    return [_form(talent, _choice(models, talent), accounts, problems) for talent in TALENTS]


def _choice(models: Any, talent: str) -> Mapping[str, Any]:
    choice = models.get(talent) if isinstance(models, dict) else None
    return choice if isinstance(choice, dict) else {}


def _form(
    talent: TalentName, choice: Mapping[str, Any], accounts: Sequence[ProviderAccount], problems: Sequence[Problem]
) -> TalentForm:
    about = ABOUT[talent]
    key, name = str(choice.get("account") or BUILT_IN), str(choice.get("vendor") or BUILT_IN)
    offers = [Offer(BUILT_IN, "Built in", key == BUILT_IN)]
    for account in accounts:
        known = queries.vendor_of(account)
        if known and known.talent(talent):
            offers.append(Offer(str(account.pk), f"{known.label}: {account.label}", key == str(account.pk)))
    if not any(offer.chosen for offer in offers):
        offers.append(Offer(key, "An account that is gone", True))
    try:
        vendor = vendor_named(name)
        declared = vendor.talent(talent)
    except KeyError:
        vendor, declared = None, None
    options = choice.get("options")
    given: Mapping[str, Any] = options if isinstance(options, dict) else {}
    fields = declared.options if declared else ()
    return TalentForm(
        talent=talent,
        icon=about.icon,
        title=about.title,
        about=about.about,
        offers=offers,
        vendor=name,
        vendor_label=vendor.label if vendor else name,
        note=declared.note if declared else "",
        is_built_in=name == BUILT_IN,
        options=[Option(f"models.{talent}.options.{f.name}", f, given.get(f.name, "")) for f in fields],
        problems=[problem for problem in problems if problem.path[:2] == ("models", talent)],
    )


def parse(posted: Mapping[str, str]) -> dict[str, Any]:
    """The `models` of a draft from the form. Options of another vendor than the chosen one are dropped."""
    by_key = {str(account.pk): account for account in queries.active()}
    models: dict[str, Any] = {}
    for talent in TALENTS:
        key = posted.get(f"models.{talent}.account", BUILT_IN)
        account = by_key.get(key)
        vendor = account.vendor if account else posted.get(f"models.{talent}.vendor", BUILT_IN)
        if key == BUILT_IN:
            vendor = BUILT_IN
        same = vendor == posted.get(f"models.{talent}.vendor")
        models[talent] = {
            "account": None if key == BUILT_IN else key,
            "vendor": vendor,
            "options": _options(posted, vendor, talent) if same else {},
        }
    return models


def _options(posted: Mapping[str, str], vendor: str, talent: TalentName) -> dict[str, Scalar]:
    try:
        declared = vendor_named(vendor).talent(talent)
    except KeyError:
        return {}
    found: dict[str, Scalar] = {}
    for field in declared.options if declared else ():
        value = typed(field, posted.get(f"models.{talent}.options.{field.name}"))
        if value not in (None, ""):
            found[field.name] = value
    return found


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
