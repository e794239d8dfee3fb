"""Which of PostgreSQL's ways of reading words fits a language."""

from __future__ import annotations

from django.db import connection

SIMPLE = "simple"
_CONFIGS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip


def config_of(language: str) -> str:
    """Words as they are written where this PostgreSQL knows no endings of the language."""
    config = _CONFIGS.get(language.partition("-")[0], SIMPLE)
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_ts_config where cfgname = %s", [config])
        return config if cursor.fetchone() else SIMPLE
