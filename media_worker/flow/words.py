"""Words as they compare: lower case, no punctuation, contractions opened, stems, a few synonyms of the phone."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST = 2_000
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'"})
_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")

_CONTRACTIONS = {
    "can't": "can not", "cannot": "can not", "won't": "will not", "shan't": "shall not", "ain't": "is not",
    "i'm": "i am", "let's": "let us", "gonna": "going to", "wanna": "want to", "gotta": "got to", "lemme": "let me",
    "gimme": "give me", "dont": "do not", "doesnt": "does not", "didnt": "did not", "isnt": "is not", "cant": "can not",
    "wont": "will not", "im": "i am", "ive": "i have", "id": "i would", "whats": "what is", "thats": "that is",
    "o'clock": "oclock",
}  # fmt: skip
_ENDINGS = (("n't", " not"), ("'re", " are"), ("'ve", " have"), ("'ll", " will"), ("'d", " would"), ("'s", " is"))

_SYNONYMS = {
    "hi": "hello", "hey": "hello", "hiya": "hello", "bye": "goodbye", "byebye": "goodbye", "cheerio": "goodbye",
    "yeah": "yes", "yep": "yes", "yup": "yes", "nope": "no", "nah": "no",
    "cost": "price", "charge": "price", "fee": "price", "rate": "price", "expensive": "price", "pay": "price",
    "human": "person", "agent": "person", "operator": "person", "representative": "person", "someone": "person",
    "somebody": "person", "staff": "person", "receptionist": "person", "colleague": "person", "people": "person",
    "reserve": "book", "reservation": "book", "schedule": "book", "booking": "book", "arrange": "book",
    "meeting": "appointment", "slot": "appointment", "visit": "appointment", "consultation": "appointment",
    "shut": "close", "closing": "close", "opening": "open", "address": "location", "located": "location",
    "directions": "location", "situated": "location", "reschedule": "move", "postpone": "move", "shift": "move",
    "change": "move", "drop": "cancel", "abort": "cancel", "talk": "speak", "chat": "speak", "phone": "call",
    "ring": "call", "telephone": "call", "mobile": "call", "assist": "help", "support": "help", "aid": "help",
    "issue": "problem", "trouble": "problem", "fault": "problem", "broken": "problem", "purchase": "buy",
    "order": "buy", "doctor": "dr", "thank": "thanks", "cheers": "thanks", "repeat": "again", "invoice": "bill",
}  # fmt: skip


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP = words_of(
    """a an the to of in on at for and or is are am be was were i you we he she it they me my your our us this that
there do does did have has had will would could can should may might shall please just so well um uh er erm like
want need get got give let with about some any if then from by as ok okay oh right now really"""
)
QUESTIONS = frozenset(["what", "when", "where", "who", "why", "how", "which"])
NEGATIONS = frozenset(["not", "no", "never", "without", "nor", "neither"])


def flatten(text: str) -> str:
    """Lower case ASCII with single spaces; accents folded, contractions kept."""
    text = unicodedata.normalize("NFKD", text[:LONGEST].translate(_APOSTROPHES)).lower()
    return "".join(c for c in text if not unicodedata.combining(c))


def tokens(text: str) -> list[str]:
    """The words of a text, contractions opened: “I’d like it” → i would like it."""
    found: list[str] = []
    for token in _TOKEN.findall(flatten(text)):
        if token in _CONTRACTIONS:
            found += _CONTRACTIONS[token].split()
            continue
        for ending, full in _ENDINGS:
            if token.endswith(ending) and len(token) > len(ending):
                token = token.removesuffix(ending) + full
                break
        found += token.replace("'", "").split()
    return found


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A light stem after synonyms: enough that “bookings” meets “booked”, little enough that “news” stays “news”."""
    word = _SYNONYMS.get(word, word)
    if len(word) > 4:
        for ending, put in (("ies", "y"), ("sses", "ss"), ("ings", ""), ("ing", ""), ("edly", ""), ("ed", "")):
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word.removesuffix(ending) + put
                if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                    word = word[:-1]
                break
        else:
            if word.endswith("s") and not word.endswith(("ss", "us", "is")):
                word = word[:-1]
    if len(word) > 4 and word.endswith("e"):
        word = word[:-1]
    return _SYNONYMS.get(word, word)
