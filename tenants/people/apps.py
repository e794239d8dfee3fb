from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tenants.people"
    verbose_name = "People"

    def ready(self) -> None:
        from tenants import access
        from tenants.people import signals  # noqa: F401 (its receivers listen from now on)

        for model in ("people.User", "people.Invitation"):
            access.declare(model, access.AGENCY_ONLY, access.Permission.VIEW_PEOPLE)
        access.declare("people.ApiKey", access.AGENCY_ONLY, access.Permission.USE_API)
