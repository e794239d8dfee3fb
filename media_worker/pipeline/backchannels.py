"""What listeners say without wanting to speak, by language: data, and the two questions that are asked of it.

A phrase is written as it sounds, in lower case, without punctuation; “mmmm” is heard as “mm”. A language that is not
listed has the hums of `_ANY` only.
"""

from __future__ import annotations

import functools
import re
import unicodedata

_ANY = (
    *("mm", "mhm", "mm hm", "mm hmm", "m hm", "hm", "hmm", "uh huh", "aha"),
    *("ah", "oh", "eh", "uh", "um", "ok", "okay"),
)

_PHRASES: dict[str, tuple[str, ...]] = {
    "en": (
        *("yeah", "yep", "yup", "yes", "ya", "right", "sure", "alright", "all right", "oh okay", "i see", "got it"),
        *("gotcha", "of course", "go on", "fine", "good", "great", "cool", "nice", "perfect", "exactly", "true", "wow"),
        *("oh really", "really", "interesting", "makes sense", "understood", "absolutely", "definitely", "er", "erm"),
        *("sounds good", "thats right", "that s right", "that is right", "i understand", "very good", "oh i see", "k"),
    ),
    "de": (
        *("ja", "jo", "jep", "genau", "gut", "alles klar", "klar", "stimmt", "richtig", "verstehe", "ich verstehe", "so"),
        *("ach so", "achso", "sicher", "natürlich", "in ordnung", "schön", "prima", "super", "na gut", "äh", "ähm", "öh"),
    ),
    "es": (
        *("sí", "si", "vale", "claro", "ya", "bien", "muy bien", "bueno", "de acuerdo", "entiendo", "perfecto", "ajá"),
        *("aja", "exacto", "correcto", "ah ya", "ya veo", "por supuesto", "genial", "este"),
    ),
    "fr": (
        *("oui", "ouais", "d accord", "bien", "très bien", "bon", "ah bon", "je vois", "voilà", "exact", "exactement"),
        *("c est ça", "entendu", "bien sûr", "parfait", "super", "euh", "tout à fait", "je comprends"),
    ),
    "it": (
        *("sì", "si", "va bene", "bene", "certo", "capito", "ho capito", "d accordo", "giusto", "esatto", "perfetto"),
        *("ecco", "ah sì", "capisco", "ottimo", "beh", "ehm"),
    ),
    "pt": (
        *("sim", "tá", "tá bom", "está bem", "certo", "claro", "pois", "pois é", "entendi", "entendo", "isso", "bem"),
        *("beleza", "perfeito", "exato", "muito bem", "ahã", "uhum", "né"),
    ),
    "nl": ("ja", "jawel", "goed", "prima", "precies", "klopt", "ik begrijp het", "natuurlijk", "zeker", "juist", "oké"),
    "pl": ("tak", "no", "dobrze", "dobra", "jasne", "rozumiem", "oczywiście", "właśnie", "aha", "w porządku", "no tak"),
    "sv": ("ja", "jo", "jaha", "just det", "precis", "bra", "okej", "visst", "jag förstår", "mm"),
    "da": ("ja", "jo", "jamen", "nå", "præcis", "godt", "okay", "jeg forstår", "klart"),
    "tr": ("evet", "tamam", "peki", "anladım", "tabii", "tabi", "doğru", "güzel", "olur", "he", "hı hı", "aynen"),
    "hi": ("हाँ", "हां", "जी", "जी हाँ", "जी हां", "ठीक है", "अच्छा", "सही", "बिल्कुल", "समझ गया", "समझ गई", "ओके", "हम्म"),
    "ru": ("да", "ага", "угу", "хорошо", "понятно", "ясно", "конечно", "верно", "так", "ладно", "точно", "понял", "поняла"),
    "ar": ("نعم", "أيوه", "ايوه", "تمام", "طيب", "صحيح", "مفهوم", "حسنا", "أكيد", "آه"),
    "ja": ("はい", "うん", "ええ", "そうですか", "そうですね", "なるほど", "分かりました", "わかりました", "へえ", "そう", "ああ"),
    "zh": ("嗯", "对", "好", "好的", "是", "是的", "哦", "行", "知道了", "明白", "明白了", "没错", "可以"),
}  # fmt: skip

_OPEN_QUESTIONS: dict[str, tuple[str, ...]] = {
    "en": ("what", "when", "where", "who", "whom", "whose", "why", "how", "which", "whats", "whens", "wheres", "hows"),
    "de": ("was", "wann", "wo", "wer", "wen", "wem", "wessen", "warum", "wieso", "wie", "welche", "welcher", "welches",
           "welchem", "welchen", "woher", "wohin", "wofür", "womit", "worum"),
    "es": ("qué", "cuándo", "dónde", "quién", "quiénes", "por", "cómo", "cuál", "cuáles", "cuánto", "cuántos", "cuántas"),
    "fr": ("que", "quoi", "quand", "où", "qui", "pourquoi", "comment", "quel", "quelle", "quels", "quelles", "combien"),
    "it": ("che", "cosa", "quando", "dove", "chi", "perché", "come", "quale", "quali", "quanto", "quanti", "quante"),
    "pt": ("que", "quando", "onde", "quem", "porque", "por", "como", "qual", "quais", "quanto", "quantos", "quantas"),
    "nl": ("wat", "wanneer", "waar", "wie", "waarom", "hoe", "welke", "welk", "hoeveel", "waarmee"),
    "pl": ("co", "kiedy", "gdzie", "kto", "kogo", "dlaczego", "jak", "jaki", "jaka", "jakie", "który", "która", "ile"),
    "sv": ("vad", "när", "var", "vem", "varför", "hur", "vilken", "vilket", "vilka"),
    "da": ("hvad", "hvornår", "hvor", "hvem", "hvorfor", "hvordan", "hvilken", "hvilket", "hvilke"),
    "tr": ("ne", "nerede", "nereye", "kim", "neden", "niçin", "nasıl", "hangi", "kaç", "nedir"),
    "hi": ("क्या", "कब", "कहाँ", "कहां", "कौन", "क्यों", "कैसे", "कितने", "कितना", "किस", "कौनसा"),
    "ru": ("что", "когда", "где", "куда", "кто", "кого", "почему", "зачем", "как", "какой", "какая", "какое", "сколько"),
    "ar": ("ما", "ماذا", "متى", "أين", "من", "لماذا", "كيف", "كم", "أي"),
    "ja": ("何", "いつ", "どこ", "誰", "なぜ", "どう", "どの", "どちら", "いくら", "いくつ"),
    "zh": ("什么", "什麼", "几", "哪", "谁", "为什么", "怎么", "多少", "何时"),
}  # fmt: skip

_ASKED_ANYWHERE = frozenset(["tr", "ja", "zh"])
"""Where the asking word does not stand at the beginning. Hindi's क्या is both: there the beginning means yes or no."""

_FIRST_WORDS = 3
_UNSPACED = frozenset(["ja", "zh"])
_QUESTION = re.compile(r"[?？؟]+[\"'”’»)\]]*\s*$")
_MOST = 60


def _words(text: str, language: str) -> str:
    kept = (
        character if unicodedata.category(character)[0] in "LMN" else " "
        for character in unicodedata.normalize("NFC", text.casefold())
    )
    words = re.sub(r"(\D)\1{2,}", r"\1\1", " ".join("".join(kept).split()))
    return words.replace(" ", "") if language in _UNSPACED else words


@functools.cache
def _pattern(language: str) -> re.Pattern[str]:
    phrases = {_words(phrase, language) for phrase in (*_ANY, *_PHRASES.get(language, ()))}
    one = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    between = "" if language in _UNSPACED else " "
    return re.compile(rf"(?:{one})(?:{between}(?:{one}))*")


def is_backchannel(text: str, language: str) -> bool:
    """Whether `text` is nothing but “uh-huh”. `language` as in the agent's spec: “en”, “pt-BR”."""
    short = language[:2]
    words = _words(text, short)
    return 0 < len(words) <= _MOST and _pattern(short).fullmatch(words) is not None


def asks_yes_or_no(sentence: str, language: str) -> bool:
    """Whether a “yes” would answer this sentence. A question counts, unless it begins by asking for more than that."""
    short = language[:2]
    if not _QUESTION.search(sentence) and not (short == "ja" and sentence.rstrip("。 ").endswith("か")):
        return False
    words = _words(sentence, short)
    asking = _OPEN_QUESTIONS.get(short, ())
    if short in _UNSPACED:
        return not any(word in words for word in asking)
    if short == "hi":
        return words.startswith("क्या ") or not any(word in words.split() for word in asking)
    spoken = words.split() if short in _ASKED_ANYWHERE else words.split()[:_FIRST_WORDS]
    return not any(word in spoken for word in asking)
