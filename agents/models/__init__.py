from agents.models.agent import Agent, AgentVersion
from agents.models.clip import VoiceClip
from agents.models.provider import KeyLease, ProviderAccount, ProviderKey

__all__ = ["Agent", "AgentVersion", "KeyLease", "ProviderAccount", "ProviderKey", "VoiceClip"]
