"""Phone numbers that may be called from here."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from voiceops.lib.errors import InvalidInput

COSTLY = {
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.SHARED_COST: "a shared-cost number",
    PhoneNumberType.UAN: "a company access number",
    PhoneNumberType.PAGER: "a pager",
    PhoneNumberType.VOICEMAIL: "a voicemail access number",
    PhoneNumberType.PERSONAL_NUMBER: "a personal number that is forwarded at the caller's cost",
}
SATELLITE_AND_GLOBAL = {870, 878, 881, 882, 883, 888, 979, 800, 808}
LONGEST = 32


def destination(text: str, field: str = "to") -> str:
    """The number in E.164, if it can and may be dialled. Raises InvalidInput with a sentence that says why not."""
    number = _parse(text, field)
    if number.country_code in SATELLITE_AND_GLOBAL:
        raise InvalidInput("Satellite and global service numbers are not called from here.", field)
    if not phonenumbers.is_valid_number(number):
        raise InvalidInput("This is no number that exists: check its digits.", field)
    kind = phonenumbers.number_type(number)
    if kind in COSTLY:
        raise InvalidInput(f"This is {COSTLY[kind]}: such numbers are not called from here.", field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def e164(text: str, field: str) -> str:
    """The number in E.164, whatever its kind: to look up one of our own."""
    return phonenumbers.format_number(_parse(text, field), phonenumbers.PhoneNumberFormat.E164)


def _parse(text: str, field: str) -> phonenumbers.PhoneNumber:
    stripped = text.strip()
    if not stripped or len(stripped) > LONGEST or not stripped.startswith("+"):
        raise InvalidInput("Write the number with its country code, for example +14155550123.", field)
    if not all(character in "+0123456789 -().\u00a0" for character in stripped):
        raise InvalidInput("A phone number has digits only, after its +.", field)
    try:
        return phonenumbers.parse(stripped, None)
    except NumberParseException:
        raise InvalidInput("This cannot be read as a phone number.", field) from None
