from __future__ import annotations

from django.urls import path

from agents.api import clips, providers, resources, testing

urlpatterns = [
    path("agents/", resources.agents, name="api_agents"),
    path("agents/<uuid:agent_id>/", resources.agent, name="api_agent"),
    path("agents/<uuid:agent_id>/draft/", resources.draft, name="api_agent_draft"),
    path("agents/<uuid:agent_id>/publish/", resources.publish, name="api_publish_agent"),
    path("agents/<uuid:agent_id>/tests/", testing.tests, name="api_agent_tests"),
    path("agents/<uuid:agent_id>/tests/run/", testing.run_tests, name="api_run_agent_tests"),
    path("agents/<uuid:agent_id>/tests/runs/<uuid:run_id>/", testing.test_run, name="api_agent_test_run"),
    path("agents/<uuid:agent_id>/tests/<uuid:test_id>/", testing.test, name="api_agent_test"),
    path("agents/<uuid:agent_id>/clips/", clips.clips, name="api_clips"),
    path("agents/<uuid:agent_id>/clips/<uuid:clip_id>/", clips.clip, name="api_clip"),
    path("providers/", providers.providers, name="api_providers"),
    path("providers/<uuid:account_id>/", providers.provider, name="api_provider"),
    path("providers/<uuid:account_id>/keys/", providers.provider_keys, name="api_provider_keys"),
    path("providers/<uuid:account_id>/keys/<uuid:key_id>/", providers.provider_key, name="api_provider_key"),
    path("providers/<uuid:account_id>/keys/<uuid:key_id>/try/", providers.try_provider_key, name="api_try_key"),
]
