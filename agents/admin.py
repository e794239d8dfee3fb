from __future__ import annotations

from django.contrib import admin

from agents.models import (
    Agent,
    AgentTest,
    AgentVersion,
    KnowledgeBase,
    KnowledgeDocument,
    ProviderAccount,
    ProviderKey,
    RollOut,
    RollOutItem,
    Template,
    TemplateVersion,
    TestRun,
    Tool,
)
from tenants.backoffice.base import BackofficeAdmin


@admin.register(Agent)
class AgentAdmin(BackofficeAdmin):
    """What an agent says is changed in its editor, which checks it."""

    changeable = ("name",)
    list_display = ("name", "client", "call_type", "published", "updated_at", "archived_at")
    list_filter = ("call_type", "client")
    search_fields = ("name",)


@admin.register(AgentVersion)
class AgentVersionAdmin(BackofficeAdmin):
    list_display = ("agent", "number", "published_by", "published_at")
    search_fields = ("agent__name",)


@admin.register(ProviderAccount)
class ProviderAccountAdmin(BackofficeAdmin):
    changeable = ("label",)
    hidden = ("account",)
    list_display = ("label", "vendor", "last_error", "created_at", "archived_at")
    list_filter = ("vendor",)


@admin.register(ProviderKey)
class ProviderKeyAdmin(BackofficeAdmin):
    list_display = ("alias", "account", "weight", "limit", "refused_at", "cooling_until", "call_count")


@admin.register(Tool)
class ToolAdmin(BackofficeAdmin):
    """How a tool is reached is changed in the library, which checks it; its keys are sealed."""

    changeable = ("label",)
    hidden = ("config", "fills", "mocks")
    list_display = ("label", "name", "kind", "client", "used", "failed", "last_used_at", "archived_at")
    list_filter = ("kind", "client")
    search_fields = ("label", "name")


@admin.register(KnowledgeBase)
class KnowledgeBaseAdmin(BackofficeAdmin):
    changeable = ("label",)
    list_display = ("label", "name", "client", "language", "model", "threshold", "created_at")
    list_filter = ("client",)


@admin.register(KnowledgeDocument)
class KnowledgeDocumentAdmin(BackofficeAdmin):
    list_display = ("title", "base", "source", "state", "pages", "passages", "problem", "read_at")
    list_filter = ("state", "source")
    search_fields = ("title",)


@admin.register(Template)
class TemplateAdmin(BackofficeAdmin):
    changeable = ("name", "description")
    list_display = ("name", "master", "latest", "created_at", "archived_at")
    search_fields = ("name",)


@admin.register(TemplateVersion)
class TemplateVersionAdmin(BackofficeAdmin):
    list_display = ("template", "number", "notes", "published_by", "published_at")


@admin.register(RollOut)
class RollOutAdmin(BackofficeAdmin):
    list_display = ("version", "rule", "force", "created_by", "created_at", "finished_at")


@admin.register(RollOutItem)
class RollOutItemAdmin(BackofficeAdmin):
    hidden = ("before_draft", "choices", "values")
    list_display = ("agent", "roll_out", "state", "sentence", "before_version", "after_version", "changed_at")
    list_filter = ("state",)


@admin.register(AgentTest)
class AgentTestAdmin(BackofficeAdmin):
    list_display = ("name", "agent", "created_by", "created_at", "changed_at")
    search_fields = ("name", "agent__name")


@admin.register(TestRun)
class TestRunAdmin(BackofficeAdmin):
    list_display = ("agent", "status", "version", "problem", "started_by", "created_at", "finished_at")
    list_filter = ("status",)
