"""The languages that an agent can be asked to speak. Which of them a vendor knows, its declaration says."""

from __future__ import annotations

LANGUAGES: tuple[tuple[str, str], ...] = (
    ("en", "English"), ("en-AU", "English (Australia)"), ("en-IN", "English (India)"),
    ("en-GB", "English (United Kingdom)"), ("en-US", "English (United States)"), ("ar", "Arabic"), ("as", "Assamese"),
    ("eu", "Basque"), ("bn", "Bengali"), ("bg", "Bulgarian"), ("ca", "Catalan"), ("zh", "Chinese"),
    ("hr", "Croatian"), ("cs", "Czech"), ("da", "Danish"), ("nl", "Dutch"), ("et", "Estonian"), ("fil", "Filipino"),
    ("fi", "Finnish"), ("fr", "French"), ("fr-CA", "French (Canada)"), ("gl", "Galician"), ("ka", "Georgian"),
    ("de", "German"), ("el", "Greek"), ("gu", "Gujarati"), ("he", "Hebrew"), ("hi", "Hindi"), ("hu", "Hungarian"),
    ("id", "Indonesian"), ("ga", "Irish"), ("it", "Italian"), ("ja", "Japanese"), ("kn", "Kannada"), ("ko", "Korean"),
    ("lv", "Latvian"), ("lt", "Lithuanian"), ("ms", "Malay"), ("ml", "Malayalam"), ("mt", "Maltese"),
    ("mr", "Marathi"), ("mn", "Mongolian"), ("ne", "Nepali"), ("no", "Norwegian"), ("or", "Odia"), ("fa", "Persian"),
    ("pl", "Polish"), ("pt", "Portuguese"), ("pt-BR", "Portuguese (Brazil)"), ("pa", "Punjabi"), ("ro", "Romanian"),
    ("ru", "Russian"), ("sd", "Sindhi"), ("sk", "Slovak"), ("sl", "Slovenian"), ("es", "Spanish"),
    ("es-MX", "Spanish (Mexico)"), ("sw", "Swahili"), ("sv", "Swedish"), ("ta", "Tamil"), ("te", "Telugu"),
    ("th", "Thai"), ("tr", "Turkish"), ("uk", "Ukrainian"), ("ur", "Urdu"), ("vi", "Vietnamese"), ("cy", "Welsh"),
)  # fmt: skip
_NAMES = dict(LANGUAGES)


def languages(chosen: str) -> list[tuple[str, str]]:
    """Those that are offered, and the chosen one in any case."""
    return [*LANGUAGES, *([] if chosen in _NAMES else [(chosen, chosen)])]


def language_name(code: str) -> str:
    return _NAMES.get(code, f"the language “{code}”")
