from __future__ import annotations

from django.urls import path

from agents.api import change, clips, compare, exchange, knowledge, providers, resources, templates, testing, tools

urlpatterns = [
    path("agents/", resources.agents, name="api_agents"),
    path("agents/<uuid:agent_id>/", resources.agent, name="api_agent"),
    path("agents/<uuid:agent_id>/draft/", resources.draft, name="api_agent_draft"),
    path("agents/<uuid:agent_id>/change/", change.propose_change, name="api_propose_change"),
    path("agents/<uuid:agent_id>/change/apply/", change.apply_change, name="api_apply_change"),
    path("agents/<uuid:agent_id>/publish/", resources.publish, name="api_publish_agent"),
    path("agents/<uuid:agent_id>/tests/", testing.tests, name="api_agent_tests"),
    path("agents/<uuid:agent_id>/tests/run/", testing.run_tests, name="api_run_agent_tests"),
    path("agents/<uuid:agent_id>/tests/runs/<uuid:run_id>/", testing.test_run, name="api_agent_test_run"),
    path("agents/<uuid:agent_id>/tests/<uuid:test_id>/", testing.test, name="api_agent_test"),
    path("agents/<uuid:agent_id>/compare/", compare.compare, name="api_compare_versions"),
    path("agents/<uuid:agent_id>/export/", exchange.export, name="api_export_agent"),
    path("agents/import/", exchange.import_agent, name="api_import_agent"),
    path("templates/", templates.templates, name="api_templates"),
    path("templates/<uuid:template_id>/", templates.template, name="api_template"),
    path("templates/<uuid:template_id>/versions/", templates.versions, name="api_template_versions"),
    path("templates/<uuid:template_id>/instances/", templates.instances, name="api_template_instances"),
    path("templates/<uuid:template_id>/roll-outs/", templates.roll_outs, name="api_roll_outs"),
    path("roll-outs/<uuid:roll_out_id>/", templates.roll_out, name="api_roll_out"),
    path("roll-outs/<uuid:roll_out_id>/back/", templates.back, name="api_roll_back"),
    path("agents/<uuid:agent_id>/clips/", clips.clips, name="api_clips"),
    path("agents/<uuid:agent_id>/clips/<uuid:clip_id>/", clips.clip, name="api_clip"),
    path("tools/", tools.tools, name="api_tools"),
    path("tools/<uuid:tool_id>/", tools.tool, name="api_tool"),
    path("tools/<uuid:tool_id>/try/", tools.try_tool, name="api_try_tool"),
    path("providers/", providers.providers, name="api_providers"),
    path("providers/<uuid:account_id>/", providers.provider, name="api_provider"),
    path("providers/<uuid:account_id>/keys/", providers.provider_keys, name="api_provider_keys"),
    path("providers/<uuid:account_id>/keys/<uuid:key_id>/", providers.provider_key, name="api_provider_key"),
    path("providers/<uuid:account_id>/keys/<uuid:key_id>/try/", providers.try_provider_key, name="api_try_key"),
    path("knowledge/", knowledge.bases, name="api_knowledge"),
    path("knowledge/<uuid:base_id>/", knowledge.base, name="api_knowledge_base"),
    path("knowledge/<uuid:base_id>/ask/", knowledge.ask, name="api_ask_knowledge"),
    path("knowledge/<uuid:base_id>/documents/", knowledge.documents, name="api_documents"),
    path("knowledge/<uuid:base_id>/documents/<uuid:document_id>/", knowledge.document, name="api_document"),
    path("knowledge/<uuid:base_id>/pages/", knowledge.pages, name="api_pages"),
]
