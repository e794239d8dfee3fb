"""Pages of agents, and of the accounts they speak through."""

from __future__ import annotations

from django.urls import path

from agents.views import (
    behaviour,
    clips,
    details,
    library,
    listing,
    new,
    provider_keys,
    providers,
    publish,
    script,
    testing,
    trying,
    versions,
    voice,
)
from agents.views.templating import templates

urlpatterns = [
    path("agents/", listing.agents, name="agents"),
    path("agents/new/", new.new_agent, name="new_agent"),
    path("agents/<uuid:agent_id>/", script.agent, name="agent"),
    path("agents/<uuid:agent_id>/voice/", voice.voice, name="agent_voice"),
    path("agents/<uuid:agent_id>/behaviour/", behaviour.behaviour, name="agent_behaviour"),
    path("agents/<uuid:agent_id>/clips/", clips.clips, name="agent_clips"),
    path("agents/<uuid:agent_id>/clips/new/", clips.new_clip, name="new_clip"),
    path("agents/<uuid:agent_id>/clips/<uuid:clip_id>/", clips.clip, name="clip"),
    path("agents/<uuid:agent_id>/clips/<uuid:clip_id>/audio/", clips.clip_audio, name="clip_audio"),
    path("agents/<uuid:agent_id>/clips/<uuid:clip_id>/archive/", clips.archive_clip, name="archive_clip"),
    path("agents/<uuid:agent_id>/versions/", versions.versions, name="agent_versions"),
    path("agents/<uuid:agent_id>/versions/compare/", versions.compare, name="compare_versions"),
    path("agents/<uuid:agent_id>/versions/<int:number>/restore/", versions.restore, name="restore_version"),
    path("agents/<uuid:agent_id>/versions/<int:number>/roll-back/", versions.roll_back, name="roll_back"),
    path("agents/<uuid:agent_id>/versions/undo/", versions.undo_restore, name="undo_restore"),
    path("agents/<uuid:agent_id>/publish/", publish.publish, name="publish_agent"),
    path("agents/<uuid:agent_id>/publish/tests/", testing.publish_tests, name="publish_tests"),
    path("agents/<uuid:agent_id>/try/", trying.try_agent, name="try_agent"),
    path("agents/<uuid:agent_id>/try/keep/", trying.keep_as_test, name="keep_as_test"),
    path("agents/<uuid:agent_id>/tests/", testing.tests, name="agent_tests"),
    path("agents/<uuid:agent_id>/tests/run/", testing.run_tests, name="run_agent_tests"),
    path("agents/<uuid:agent_id>/tests/new/", testing.new_test, name="new_agent_test"),
    path("agents/<uuid:agent_id>/tests/<uuid:test_id>/", testing.test, name="agent_test"),
    path("agents/<uuid:agent_id>/tests/<uuid:test_id>/copy/", testing.duplicate_test, name="duplicate_agent_test"),
    path("agents/<uuid:agent_id>/tests/<uuid:test_id>/delete/", testing.delete_test, name="delete_agent_test"),
    path("agents/<uuid:agent_id>/details/", details.details, name="agent_details"),
    path("agents/<uuid:agent_id>/archive/", details.archive, name="archive_agent"),
    path("agents/<uuid:agent_id>/unarchive/", details.unarchive, name="unarchive_agent"),
    path("library/", library.library, name="library"),
    path("library/templates/", templates.templates, name="templates"),
    path("settings/providers/", providers.providers, name="providers"),
    path("settings/providers/new/", providers.vendor_list, name="vendors"),
    path("settings/providers/new/<slug:vendor_name>/", providers.new_provider, name="new_provider"),
    path("settings/providers/<uuid:account_id>/", providers.provider, name="provider"),
    path("settings/providers/<uuid:account_id>/try/", providers.try_provider, name="try_provider"),
    path("settings/providers/<uuid:account_id>/archive/", providers.archive_provider, name="archive_provider"),
    path("settings/providers/<uuid:account_id>/keys/new/", provider_keys.new_key, name="new_provider_key"),
    path("settings/providers/<uuid:account_id>/keys/<uuid:key_id>/", provider_keys.provider_key, name="provider_key"),
    path("settings/providers/<uuid:account_id>/keys/<uuid:key_id>/try/", provider_keys.try_key, name="try_key"),
    path(
        "settings/providers/<uuid:account_id>/keys/<uuid:key_id>/reinstate/",
        provider_keys.reinstate_key,
        name="reinstate_key",
    ),
    path(
        "settings/providers/<uuid:account_id>/keys/<uuid:key_id>/remove/", provider_keys.remove_key, name="remove_key"
    ),
]
