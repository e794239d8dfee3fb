from agents.models.agent import Agent, AgentVersion
from agents.models.provider import ProviderAccount

__all__ = ["Agent", "AgentVersion", "ProviderAccount"]
