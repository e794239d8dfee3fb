"""The kinds of nodes: each is declared once, in `talking` or `acting`, and everything else reads the declaration.

`about` names a kind for people. `exits` are the ways out, each with its place in the node, so that checks, canvas and
outline draw the same arrows. What a node does in a call is in `media_worker.flow`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from media_worker.contract.flow.acting import (
    BranchNode,
    EndNode,
    HandoverNode,
    KnowledgeNode,
    SetNode,
    ToolNode,
    TransferNode,
    VoicemailNode,
    WaitNode,
)
from media_worker.contract.flow.base import NodeBase
from media_worker.contract.flow.talking import CollectNode, ConversationNode, MenuNode, SayNode

Node = Annotated[
    ConversationNode
    | CollectNode
    | SayNode
    | BranchNode
    | MenuNode
    | ToolNode
    | KnowledgeNode
    | TransferNode
    | VoicemailNode
    | HandoverNode
    | WaitNode
    | SetNode
    | EndNode,
    Field(discriminator="type"),
]

KINDS: dict[str, type[NodeBase]] = {
    kind.model_fields["type"].default: kind
    for kind in (
        ConversationNode, CollectNode, SayNode, MenuNode, BranchNode, SetNode, ToolNode, KnowledgeNode, WaitNode,
        TransferNode, HandoverNode, VoicemailNode, EndNode,
    )
}  # fmt: skip
"""Every kind by the name of its `type`, in the order of the palette."""
