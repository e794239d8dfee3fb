"""What an agent does during a call, as a graph of typed nodes.

`parts`  names, questions, topics, ways out
`base`   what every kind of node has; `talking`, `acting`: the kinds, each declared once; `nodes`: all of them
`graph`  `Flow`: where it starts, its nodes, what holds everywhere
"""

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
from media_worker.contract.flow.base import About, Exit, NodeBase
from media_worker.contract.flow.graph import MOST_NODES, Before, Flow, Hours, Opening, Variable
from media_worker.contract.flow.nodes import KINDS, Node
from media_worker.contract.flow.parts import (
    CALL_VARIABLES,
    Argument,
    Assign,
    Decision,
    Extract,
    Intent,
    Name,
    NodeId,
    NodeTurns,
    Option,
    Slot,
    SlotType,
    Spoken,
    Tier,
    When,
)
from media_worker.contract.flow.talking import CollectNode, ConversationNode, MenuNode, SayNode

__all__ = [
    "CALL_VARIABLES",
    "KINDS",
    "MOST_NODES",
    "About",
    "Argument",
    "Assign",
    "Before",
    "BranchNode",
    "CollectNode",
    "ConversationNode",
    "Decision",
    "EndNode",
    "Exit",
    "Extract",
    "Flow",
    "HandoverNode",
    "Hours",
    "Intent",
    "KnowledgeNode",
    "MenuNode",
    "Name",
    "Node",
    "NodeBase",
    "NodeId",
    "NodeTurns",
    "Opening",
    "Option",
    "SayNode",
    "SetNode",
    "Slot",
    "SlotType",
    "Spoken",
    "Tier",
    "ToolNode",
    "TransferNode",
    "Variable",
    "VoicemailNode",
    "WaitNode",
    "When",
]
