from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "agents"
    verbose_name = "Agents"

    def ready(self) -> None:
        from tenants import access

        access.declare("agents.Agent", "client", access.Permission.VIEW_AGENTS)
        access.declare("agents.AgentVersion", "agent__client", access.Permission.VIEW_AGENTS)
        access.declare("agents.ProviderAccount", access.AGENCY_ONLY, access.Permission.MANAGE_ACCOUNTS)
        access.declare("agents.ProviderKey", access.AGENCY_ONLY, access.Permission.MANAGE_ACCOUNTS)
        access.declare("agents.VoiceClip", access.AGENCY_ONLY, access.Permission.VIEW_INTERNALS)
        access.declare("agents.Template", access.AGENCY_ONLY, access.Permission.BUILD_AGENTS)
        access.declare("agents.TemplateVersion", access.AGENCY_ONLY, access.Permission.BUILD_AGENTS)
        access.declare("agents.RollOut", access.AGENCY_ONLY, access.Permission.BUILD_AGENTS)
        access.declare("agents.RollOutItem", access.AGENCY_ONLY, access.Permission.BUILD_AGENTS)
        access.declare("agents.AgentTest", access.AGENCY_ONLY, access.Permission.VIEW_INTERNALS)
        access.declare("agents.TestRun", access.AGENCY_ONLY, access.Permission.VIEW_INTERNALS)
        access.declare("agents.TestResult", access.AGENCY_ONLY, access.Permission.VIEW_INTERNALS)
        access.declare("agents.KnowledgeBase", access.AGENCY_ONLY, access.Permission.VIEW_INTERNALS)
        access.declare("agents.KnowledgeDocument", access.AGENCY_ONLY, access.Permission.VIEW_INTERNALS)
        access.declare("agents.KnowledgeGeneration", access.AGENCY_ONLY, access.Permission.VIEW_INTERNALS)
        access.declare("agents.KnowledgeEntry", access.AGENCY_ONLY, access.Permission.VIEW_INTERNALS)
        access.declare("agents.KnowledgeVector", access.AGENCY_ONLY, access.Permission.VIEW_INTERNALS)
        access.declare("agents.KnowledgeChunk", access.AGENCY_ONLY, access.Permission.VIEW_INTERNALS)
        access.declare("agents.Tool", access.AGENCY_ONLY, access.Permission.VIEW_INTERNALS)
