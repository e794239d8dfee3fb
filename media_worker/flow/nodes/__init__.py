"""What each kind of node does in a call: one behaviour a kind, found by the node's `type`.

`talking`     conversation, say
`collecting`  questions one after the other
`choosing`    menu
`deciding`    branch, set
`using`       tool, knowledge
`leaving`     transfer, handover, voicemail, wait, end
"""

from __future__ import annotations

from typing import Any

from media_worker.contract.flow import KINDS, Node
from media_worker.flow.nodes.base import Behaviour, Onward, Visit
from media_worker.flow.nodes.choosing import MenuBehaviour
from media_worker.flow.nodes.collecting import CollectBehaviour
from media_worker.flow.nodes.deciding import BranchBehaviour, SetBehaviour
from media_worker.flow.nodes.leaving import (
    EndBehaviour,
    HandoverBehaviour,
    TransferBehaviour,
    VoicemailBehaviour,
    WaitBehaviour,
)
from media_worker.flow.nodes.talking import ConversationBehaviour, SayBehaviour
from media_worker.flow.nodes.using import KnowledgeBehaviour, ToolBehaviour

__all__ = ["Behaviour", "Onward", "Visit", "behaviour"]

_BEHAVIOURS: dict[str, Behaviour[Any]] = {
    "conversation": ConversationBehaviour(),
    "collect": CollectBehaviour(),
    "say": SayBehaviour(),
    "menu": MenuBehaviour(),
    "branch": BranchBehaviour(),
    "set": SetBehaviour(),
    "tool": ToolBehaviour(),
    "knowledge": KnowledgeBehaviour(),
    "wait": WaitBehaviour(),
    "transfer": TransferBehaviour(),
    "handover": HandoverBehaviour(),
    "voicemail": VoicemailBehaviour(),
    "end": EndBehaviour(),
}
assert set(_BEHAVIOURS) == set(KINDS)


def behaviour(node: Node) -> Behaviour[Any]:
    return _BEHAVIOURS[node.type]
