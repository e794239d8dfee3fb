from agents.models.agent import Agent, AgentVersion
from agents.models.clip import VoiceClip
from agents.models.knowledge import (
    KnowledgeBase,
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeEntry,
    KnowledgeGeneration,
    KnowledgeVector,
)
from agents.models.provider import KeyLease, ProviderAccount, ProviderKey
from agents.models.template import RollOut, RollOutItem, Template, TemplateVersion
from agents.models.test import AgentTest, TestResult, TestRun
from agents.models.tool import Tool, ToolUse

__all__ = [
    "Agent",
    "AgentTest",
    "AgentVersion",
    "KeyLease",
    "KnowledgeBase",
    "KnowledgeChunk",
    "KnowledgeDocument",
    "KnowledgeEntry",
    "KnowledgeGeneration",
    "KnowledgeVector",
    "ProviderAccount",
    "ProviderKey",
    "RollOut",
    "RollOutItem",
    "Template",
    "TemplateVersion",
    "TestResult",
    "TestRun",
    "Tool",
    "ToolUse",
    "VoiceClip",
]
