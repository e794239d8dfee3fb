from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tenants.people"
    verbose_name = "People"
