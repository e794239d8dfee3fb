"""Languages with their region, for vendors that will not take one without: “en” is “en-US” to them."""

from __future__ import annotations

_USUAL = {
    "ar": "ar-EG", "bn": "bn-IN", "ca": "ca-ES", "cs": "cs-CZ", "da": "da-DK", "el": "el-GR", "en": "en-US", "et": "et-EE",
    "fa": "fa-IR", "gu": "gu-IN", "he": "he-IL", "hi": "hi-IN", "ja": "ja-JP", "kn": "kn-IN", "ko": "ko-KR", "ml": "ml-IN",
    "mr": "mr-IN", "ms": "ms-MY", "nb": "nb-NO", "no": "nb-NO", "pt": "pt-BR", "sl": "sl-SI", "sv": "sv-SE", "ta": "ta-IN",
    "te": "te-IN", "uk": "uk-UA", "ur": "ur-IN", "vi": "vi-VN", "zh": "zh-CN",
}  # fmt: skip


def locale(language: str) -> str:
    """“de” becomes “de-DE”; what has a region stays."""
    return language if "-" in language else _USUAL.get(language, f"{language}-{language.upper()}")
