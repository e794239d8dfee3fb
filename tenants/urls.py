"""Pages about the agency itself, on its own host."""

from __future__ import annotations

from django.urls import include, path

from tenants.agencies.views.settings import settings
from tenants.audit.views.log import audit_log
from tenants.clients.views import clients
from tenants.people.views import joining, own, people
from tenants.usage.views.usage import usage

urlpatterns = [
    path("accounts/", include("tenants.people.urls_account")),
    path("accounts/arrive/<str:token>/", joining.arrive, name="arrive"),
    path("invitation/<str:token>/", joining.accept_invitation, name="accept_invitation"),
    path("account/", own.profile, name="profile"),
    path("account/keys/", own.api_keys, name="api_keys"),
    path("account/keys/<uuid:key_id>/revoke/", own.revoke_api_key, name="revoke_api_key"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/<uuid:person_id>/", people.person, name="person"),
    path("people/<uuid:person_id>/deactivate/", people.deactivate, name="deactivate_person"),
    path("people/<uuid:person_id>/reactivate/", people.reactivate, name="reactivate_person"),
    path("people/invitations/<uuid:invitation_id>/revoke/", people.revoke_invitation, name="revoke_invitation"),
    path("clients/", clients.clients, name="clients"),
    path("clients/new/", clients.new_client, name="new_client"),
    path("clients/<uuid:client_id>/", clients.client, name="client"),
    path("clients/<uuid:client_id>/archive/", clients.archive, name="archive_client"),
    path("clients/<uuid:client_id>/restore/", clients.restore, name="restore_client"),
    path("usage/", usage, name="usage"),
    path("settings/", settings, name="settings"),
    path("settings/audit/", audit_log, name="audit_log"),
]
