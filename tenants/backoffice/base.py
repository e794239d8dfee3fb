"""What a model of ours looks like in the admin: read-only unless it names what may be changed, nothing secret shown."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.forms import Form, ModelForm
from django.http import HttpRequest
from django_tenants.utils import get_public_schema_name
from unfold.admin import ModelAdmin

from tenants.audit import actions as audit
from tenants.people.models import User
from voiceops.lib.fields import EncryptedJSONField, EncryptedTextField
from voiceops.lib.schema import current_schema


class BackofficeAdmin(ModelAdmin):
    """`changeable` are the fields a person may change here. `hidden` is never shown, nor is what is sealed.

    `home` says on which hosts: "agency", "platform" or "both". A table of the platform can be read from every schema,
    so this is what keeps agencies from seeing each other's rows.
    """

    home: ClassVar[str] = "agency"
    changeable: ClassVar[tuple[str, ...]] = ()
    hidden: ClassVar[tuple[str, ...]] = ()
    addable: ClassVar[bool] = False
    actions = None
    show_full_result_count = False
    list_per_page = 50

    def is_home(self) -> bool:
        place = "platform" if current_schema() == get_public_schema_name() else "agency"
        return self.home in {place, "both"}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.is_home() and self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(self.changeable) and self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.addable and self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """What goes, goes through an action that knows what depends on it."""
        return False

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        shown = [field.name for field in self.model._meta.concrete_fields if self._is_shown(field)]
        return [name for name in shown if obj is not None or name in self.changeable]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return [name for name in self.get_fields(request, obj) if name not in self.changeable]

    def _is_shown(self, field: models.Field[Any, Any]) -> bool:
        return field.name not in self.hidden and not isinstance(field, EncryptedTextField | EncryptedJSONField)

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self._audit(request, obj, "added")
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self._audit(request, obj, "changed")
        return super().log_change(request, obj, message)

    def save_model(self, request: HttpRequest, obj: models.Model, form: ModelForm | Form, change: bool) -> None:
        """Only what was changed is written: the rest of the row may have moved on meanwhile."""
        if change:
            obj.save(update_fields=[name for name in form.changed_data if name in self.changeable])
        else:
            obj.save()

    def _audit(self, request: HttpRequest, obj: models.Model, done: str) -> None:
        person = request.user if isinstance(request.user, User) else None
        name = obj._meta.model_name
        audit.record(person, f"{name}.{done}_in_admin", obj)
