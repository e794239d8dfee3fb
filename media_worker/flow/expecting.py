"""What a caller may say where the conversation stands: for ears that listen better when they are told."""

from __future__ import annotations

from media_worker.contract.flow import CollectNode, ConversationNode, Intent, MenuNode, SlotType
from media_worker.flow.engine import Engine
from media_worker.flow.manners import COURTESIES
from media_worker.flow.nodes.choosing import as_intents
from media_worker.flow.words import QUESTIONS, STOP, tokens
from media_worker.providers.base import Expectation

_VOLUNTEERED: tuple[SlotType, ...] = ("date", "time")


def expectation(engine: Engine) -> Expectation:
    node = engine.node
    own = node.intents if isinstance(node, ConversationNode) else as_intents(node) if isinstance(node, MenuNode) else ()
    intents = [*own, *engine.flow.intents]
    own_phrases = tuple(dict.fromkeys(example for intent in intents for example in intent.examples))
    phrases = (*own_phrases, *(phrase for phrase in COURTESIES if phrase not in own_phrases))
    keys = tuple(dict.fromkeys(key for intent in intents for key in _keys(intent)))
    slot = engine.slot
    if slot is not None:
        kinds = {s.type for s in node.slots if s.name != slot.name} if isinstance(node, CollectNode) else set()
        return Expectation(
            phrases=phrases,
            key_phrases=keys,
            slot="yes_no" if engine.at.pending is not None else slot.type,
            choices=slot.choices,
            volunteered=tuple(kind for kind in _VOLUNTEERED if kind in kinds),
            open=slot.type in ("text", "name") and engine.at.pending is None,
        )
    forms = {intent.name: engine.flow.node(intent.goto) for intent in intents if intent.goto}
    asked = {name: {slot.type for slot in form.slots} for name, form in forms.items() if isinstance(form, CollectNode)}
    wanted = set().union(*asked.values()) if asked else set()
    volunteered = tuple(kind for kind in _VOLUNTEERED if kind in wanted)
    return Expectation(
        phrases=phrases,
        key_phrases=keys,
        volunteered=volunteered,
        openers=tuple(e for i in intents if asked.get(i.name, set()) & set(volunteered) for e in i.examples),
        open=not own_phrases,
    )


def _keys(intent: Intent) -> list[str]:
    """The words that settle an intent: its examples without what stands in any sentence."""
    found = []
    for example in intent.examples:
        content = [word for word in tokens(example) if word not in STOP and word not in QUESTIONS]
        if content and sum(map(len, content)) >= 5:
            found.append(" ".join(content))
    return found
