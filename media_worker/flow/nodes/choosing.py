"""A menu: its choices are pressed, or said by their words, their number or their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_worker.contract.events import Fallback
from media_worker.contract.flow import Intent, MenuNode, Option
from media_worker.flow.manners import courtesy, follow
from media_worker.flow.nodes.base import Behaviour, Visit
from media_worker.flow.reply import Reply, joined
from media_worker.flow.slots.numbers import UNITS
from media_worker.flow.words import tokens

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine

_BEFORE_NUMBER = frozenset(
    {"press", "option", "number", "key", "choice", "the", "please", "i", "would", "like", "take"}
)
_KEYS = {"star": "*", "asterisk": "*", "hash": "#", "pound": "#"}


class MenuBehaviour(Behaviour[MenuNode]):
    def arrive(self, on: Engine, node: MenuNode, visit: Visit) -> Reply:
        visit.say(on.text(node.text))
        return visit.reply()

    def hear(self, on: Engine, node: MenuNode, heard: str) -> Reply:
        option = self.chosen(on, node, heard)
        if option is not None:
            on.at.choice = option.name
            return on.enter(option.goto, why=f"choice:{option.name}", heard=heard)
        aside = on.match(heard)
        if aside is not None and aside.intent in on.flow.intents:
            return follow(on, aside.intent, heard)
        return courtesy(on, heard) or self._nothing_chosen(on, node, "no_choice" if heard else "not_heard")

    def meanwhile(self, on: Engine, node: MenuNode, heard: str) -> Reply | None:
        aside = on.match(heard)
        everywhere = aside is not None and aside.intent in on.flow.intents
        return follow(on, aside.intent, heard) if aside is not None and everywhere else None

    def chosen(self, on: Engine, node: MenuNode, heard: str) -> Option | None:
        key = _key(heard)
        for option in node.options:
            if key and option.digit == key:
                return option
        match = on.match(heard)
        name = match.intent.name if match is not None else ""
        return next((option for option in node.options if option.name == name), None)

    def _nothing_chosen(self, on: Engine, node: MenuNode, why: str) -> Reply:
        on.at.misses += 1
        if on.at.misses < node.attempts or not node.give_up:
            on.emit(Fallback(step="reask", stage="flow", why=why))
            return Reply(joined("Sorry.", on.text(node.text)), fallback=True)
        on.emit(Fallback(step="give_up", stage="flow", why=why))
        return on.as_fallback(on.enter(node.give_up, why="gave_up"))


def as_intents(node: MenuNode) -> tuple[Intent, ...]:
    """Its choices as topics, for the matcher and for ears that are told what may be said."""
    return tuple(
        Intent(name=option.name, examples=option.examples or (option.name.replace("_", " "),), goto=option.goto)
        for option in node.options
    )


def _key(heard: str) -> str:
    """The key that was pressed, or named: “2”, “two”, “option two, please”, “hash”."""
    bare = heard.strip()
    if len(bare) == 1 and bare in "0123456789*#":
        return bare
    said = [word for word in tokens(heard)[:12] if word not in _BEFORE_NUMBER]
    if len(said) != 1:
        return ""
    word = said[0]
    return word if len(word) == 1 and word.isdigit() else _KEYS.get(word, str(UNITS.get(word, "")))
