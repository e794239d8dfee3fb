"""Columns that only PostgreSQL knows: a language's way of reading words, what is searched, and vectors of half precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Func

WIDTHS = (256, 384, 512, 768, 1024, 1536, 2048, 3072)
"""How many numbers a stored vector has. A shorter one is filled up with zeros, which changes no angle between two."""


class RegConfigField(models.TextField):
    """A text search configuration, such as `english`."""

    def db_type(self, connection: Any) -> str:
        return "regconfig"


class HalfVectorField(models.TextField):
    """Written from numbers, read as PostgreSQL writes it. Its length is that of `WIDTHS` in which it is kept."""

    def db_type(self, connection: Any) -> str:
        return "halfvec"

    def get_prep_value(self, value: Any) -> Any:
        return as_literal(value) if isinstance(value, (list, tuple)) else value


class SearchableField(models.TextField):
    def db_type(self, connection: Any) -> str:
        return "tsvector"


class Searchable(Func):
    """Of configuration, heading, text, further words, and generation: headings weigh more, and each passage carries the
    word of its generation, so that one look into the index finds the words and keeps to the generation."""

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> tuple[str, Any]:
        config, heading, text, words, generation = (
            compiler.compile(source)[0] for source in self.get_source_expressions()
        )
        headings = f"setweight(to_tsvector({config}, {heading}), 'A')"
        written = f"to_tsvector({config}, {text}) || to_tsvector('simple'::regconfig, {words})"
        return f"{headings} || {written} || array_to_tsvector(ARRAY['@' || {generation}::text])", ()


def generation_word(generation: int) -> str:
    """No text has this word: configurations drop the sign."""
    return f"@{generation}"


def width_for(dimensions: int) -> int | None:
    """The narrowest that holds so many numbers; None when none does."""
    return next((width for width in WIDTHS if width >= dimensions), None)


def as_literal(numbers: Sequence[float]) -> str:
    """As PostgreSQL reads a vector, filled up to its width."""
    width = width_for(len(numbers)) or len(numbers)
    return "[" + ",".join([f"{number:.5g}" for number in numbers] + ["0"] * (width - len(numbers))) + "]"
