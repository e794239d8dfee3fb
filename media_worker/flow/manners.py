"""What any agent can do without a builder having thought of it: answer a topic, say something again, say hello."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_worker.contract.flow import CollectNode, ConversationNode, Intent, MenuNode
from media_worker.flow import slots
from media_worker.flow.asking import question_again
from media_worker.flow.reply import Reply, joined
from media_worker.flow.words import tokens

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine

REPEAT = (
    "repeat that",
    "repeat the question",
    "say that again",
    "say it again",
    "did you say",
    "come again",
    "one more time",
)
COURTESIES = ("can you repeat that please", "say that again please", "pardon", "what did you say", "hello")
_HELLO = ("hello", "hi", "hey", "hello hello", "good morning", "good afternoon", "good evening")


def follow(on: Engine, intent: Intent, heard: str) -> Reply:
    """Answers an intent and goes where it leads, or stays."""
    answer = on.text(intent.answer)
    if intent.goto is not None:
        return on.enter(intent.goto, why=f"intent:{intent.name}", before=answer, heard=heard)
    on.at.misses = 0
    node = on.node
    if isinstance(node, CollectNode):
        return Reply(joined(answer, question_again(on)))
    return Reply(answer or (on.text(node.say) if isinstance(node, ConversationNode) else "") or "Okay.")


def courtesy(on: Engine, heard: str) -> Reply | None:
    """What any caller may ask: to hear it again, or whether we are there."""
    words = " ".join(tokens(heard)[:12])
    node = on.node
    question = question_again(on)
    if isinstance(node, MenuNode):
        question = on.text(node.text)
    if not question and isinstance(node, ConversationNode):
        question = on.text(node.say) or "How can I help you?"
    if any(phrase in words for phrase in REPEAT) or words in ("pardon", "sorry", "what", "excuse me"):
        return Reply(question)
    return Reply(joined("Hello.", question)) if words in _HELLO else None


def knows(on: Engine, heard: str) -> bool:
    """Whether the rules have an answer to this, and need not ask again."""
    node = on.node
    if courtesy(on, heard) is not None:
        return True
    if not isinstance(node, CollectNode):
        return on.match(heard) is not None
    slot = on.slot
    value = slots.parse(slot, heard, on.now()) if slot is not None else None
    return value is not None or on.match(heard, everywhere_only=True) is not None
