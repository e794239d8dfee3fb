"""Names and addresses an agency may take."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError

from tenants.agencies.models import Agency, Domain, slug_validator
from voiceops.lib.errors import InvalidInput

_KEPT = """
about abuse account accounts admin administrator api app apps assets auth autoconfig autodiscover billing blog
cdn console dashboard demo dev docs email ftp help host hostmaster imap information-schema internal localhost
login mail media metrics mx news ns1 ns2 null platform pop postgres postmaster public root sales secure
security signin signup smtp staging static status support system telephony test undefined voiceops webhook
webhooks webmail webmaster wpad www
"""
RESERVED = frozenset(_KEPT.split())
LONGEST_NAME = 120


def clean_name(text: str) -> str:
    """The agency's name in one Unicode form. Raises InvalidInput: no control or invisible characters."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise InvalidInput("Give your agency a name.", field="name")
    if len(name) > LONGEST_NAME:
        raise InvalidInput(f"The name may have {LONGEST_NAME} characters.", field="name")
    if any(unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Cn"} for character in name):
        raise InvalidInput("The name holds an invisible character. Type it again.", field="name")
    return name


def clean_slug(text: str, *, reserved: bool = False) -> str:
    """The address in its one spelling. Raises InvalidInput. `reserved`: our own commands may take a reserved word.

    Letters that only look like ASCII are refused before lowering, because some of them lower to ASCII.
    """
    slug = text.strip()
    if not slug.isascii():
        raise InvalidInput("Use plain letters a to z: letters that only look like them lead people astray.", "slug")
    slug = slug.lower()
    try:
        slug_validator(slug)
    except ValidationError as error:
        raise InvalidInput(error.messages[0], "slug") from None
    if "--" in slug:
        raise InvalidInput("Use single hyphens.", "slug")
    if not reserved and (slug in RESERVED or slug.startswith(("pg-", "xn-"))):
        raise InvalidInput(f"“{slug}” is kept for the platform. Choose another address.", "slug")
    return slug


def schema_of_slug(slug: str) -> str:
    return slug.replace("-", "_")


def is_free(slug: str) -> bool:
    """Nobody has it, nor is half-way to having it."""
    taken = Agency.objects.filter(slug=slug) | Agency.objects.filter(schema_name=schema_of_slug(slug))
    return not taken.exists() and not Domain.objects.filter(domain__startswith=f"{slug}.").exists()
