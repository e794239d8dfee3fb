"""Model fields whose column holds a sealed value, bound to schema|model|field|pk of its row.

    class ProviderKey(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
        secret = EncryptedTextField()

- The row's key must be known before it is saved: give the model a UUID primary key with a default.
- The value is opened when the attribute is first read, so lists of rows cost nothing.
- Nothing but `isnull` can be asked of it in a query, and `update()`, `bulk_update()` are refused with a TypeError:
  they do not know the row. `save()` and `bulk_create()` work.
- `values()` and `values_list()` give the sealed text. Forms and the admin leave the field out.
"""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query_utils import DeferredAttribute

from voiceops.lib.crypto import is_stale, open_text, seal


class Sealed(str):
    """Text of a column as it is stored, with the schema it came from."""

    schema: str = ""

    @classmethod
    def of(cls, text: str, schema: str) -> Sealed:
        sealed = cls(text)
        sealed.schema = schema
        return sealed

    def __repr__(self) -> str:
        return "<sealed>"


def schema_of(model: type[models.Model], using: str = DEFAULT_DB_ALIAS) -> str:
    """The schema that holds this model's rows now: a model of the platform alone always lives in `public`."""
    config = apps.get_app_config(model._meta.app_label)
    names = {config.name, f"{type(config).__module__}.{type(config).__name__}"}
    if names.isdisjoint(getattr(settings, "TENANT_APPS", ())):
        return "public"
    return str(getattr(connections[using], "schema_name", "public"))


def row_aad(instance: models.Model, field: str, schema: str) -> str:
    """What a value of this row is bound to. Raises ValueError while the row has no key."""
    if instance.pk is None:
        raise ValueError(f"{instance._meta.label}.{field} is sealed with the row's key: set the key before saving.")
    concrete = instance._meta.concrete_model or type(instance)
    return f"{schema}|{concrete._meta.label_lower}|{field}|{instance.pk}"


class _OpensOnRead(DeferredAttribute):
    """Keeps a loaded value sealed until somebody reads it."""

    field: _EncryptedField

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is not None and isinstance(value, Sealed):
            value = instance.__dict__[self.field.attname] = self.field.open(instance, value)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class _EncryptedField(models.Field):
    descriptor_class = _OpensOnRead

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        for refused in ("unique", "db_index", "primary_key"):
            if kwargs.get(refused):
                raise TypeError(f"A sealed column differs on every save, so {refused} makes no sense.")
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        return "TextField"

    def to_plain(self, value: Any) -> str:
        raise NotImplementedError

    def from_plain(self, text: str) -> Any:
        raise NotImplementedError

    def open(self, instance: models.Model, sealed: Sealed) -> Any:
        return self.from_plain(open_text(sealed, row_aad(instance, self.attname, sealed.schema)))

    def sealed_value(self, instance: models.Model) -> Sealed | None:
        """What to store for this row: a value nobody opened stays as it is, unless agency or key changed since.

        Raises SealError rather than store a value under a row's key that it was not sealed for.
        """
        value = instance.__dict__.get(self.attname)
        schema = schema_of(type(instance), instance._state.db or DEFAULT_DB_ALIAS)
        if isinstance(value, Sealed):
            sealed, value = value, self.open(instance, value)
            if sealed.schema == schema and not is_stale(sealed):
                return sealed
        if value is None:
            return None
        return Sealed.of(seal(self.to_plain(value), row_aad(instance, self.attname, schema)), schema)

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        return self.sealed_value(model_instance)

    def get_prep_value(self, value: Any) -> Any:
        if value is not None and not isinstance(value, Sealed):
            raise TypeError(f"{self.name} is sealed per row: use save(), and ask nothing but isnull of it in a query.")
        return None if value is None else str(value)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Sealed | None:
        if value is None:
            return None
        return Sealed.of(value, schema_of(self.model, connection.alias))

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.sealed_value(obj) or "")


class EncryptedTextField(_EncryptedField):
    """Text that is sealed at rest."""

    def to_plain(self, value: Any) -> str:
        return str(value)

    def from_plain(self, text: str) -> str:
        return text


class EncryptedJSONField(_EncryptedField):
    """Anything JSON can hold, sealed at rest."""

    def to_plain(self, value: Any) -> str:
        return json.dumps(value, cls=DjangoJSONEncoder, separators=(",", ":"))

    def from_plain(self, text: str) -> Any:
        return json.loads(text)
