from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tenants.people"
    verbose_name = "People"

    def ready(self) -> None:
        from tenants import access

        for model in ("people.User", "people.Invitation"):
            access.declare(model, access.AGENCY_ONLY, access.Permission.VIEW_PEOPLE)
        access.declare("people.ApiKey", access.AGENCY_ONLY, access.Permission.USE_API)
