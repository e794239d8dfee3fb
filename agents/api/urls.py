from __future__ import annotations

from django.urls import path

from agents.api import resources

urlpatterns = [
    path("agents/", resources.agents, name="api_agents"),
    path("agents/<uuid:agent_id>/", resources.agent, name="api_agent"),
    path("agents/<uuid:agent_id>/publish/", resources.publish, name="api_publish_agent"),
]
