from agents.models.agent import Agent, AgentVersion
from agents.models.clip import VoiceClip
from agents.models.provider import KeyLease, ProviderAccount, ProviderKey
from agents.models.template import RollOut, RollOutItem, Template, TemplateVersion

__all__ = [
    "Agent",
    "AgentVersion",
    "KeyLease",
    "ProviderAccount",
    "ProviderKey",
    "RollOut",
    "RollOutItem",
    "Template",
    "TemplateVersion",
    "VoiceClip",
]
