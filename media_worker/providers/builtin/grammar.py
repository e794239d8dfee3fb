"""What may be said: the flow's phrases and the shapes of dates, times, numbers and names, as one automaton."""

from __future__ import annotations

import re
from functools import lru_cache

from media_worker.flow.words import flatten
from media_worker.providers.base import Expectation
from media_worker.providers.builtin.automaton import Automaton, compile_rule
from media_worker.providers.builtin.names import FIRST_NAMES, LAST_NAMES

MOST_PHRASES = 400
_PLAIN = {"date": "date", "time": "plain_time"}
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")

_OPENERS = (
    "(i would like to | i'd like to | i want to | i need to | can i | could i | may i | i wanna | can you | could you)"
)
_OPENER = re.compile(
    r"^(i would like to|i'd like to|i want to|i need to|can i|could i|may i|can you|could you|please) (?=\S)"
)

RULES: dict[str, str] = {
    "digit": "zero | oh | one | two | three | four | five | six | seven | eight | nine",
    "digits": "(<digit> | (double | triple) <digit>)+",
    "teen": "ten | eleven | twelve | thirteen | fourteen | fifteen | sixteen | seventeen | eighteen | nineteen",
    "tens": "twenty | thirty | forty | fifty | sixty | seventy | eighty | ninety",
    "unit": "one | two | three | four | five | six | seven | eight | nine",
    "below_hundred": "<unit> | <teen> | <tens> [<unit>]",
    "whole": "zero | <below_hundred> | (a | <unit>) hundred [[and] <below_hundred>]"
    " | <below_hundred> thousand [<unit> hundred] [[and] <below_hundred>]",
    "number": "[it's | it is | about | there are | we are | just | for] [only]"
    " (<whole> [point <digit>+] | a couple | a dozen | half a dozen | none)"
    " [people | persons | of us | adults | guests | please]",
    "weekday": "monday | tuesday | wednesday | thursday | friday | saturday | sunday",
    "month": "january | february | march | april | may | june | july | august | september | october | november"
    " | december",
    "ordinal": "first | second | third | fourth | fifth | sixth | seventh | eighth | ninth | tenth | eleventh | twelfth"
    " | thirteenth | fourteenth | fifteenth | sixteenth | seventeenth | eighteenth | nineteenth | twentieth"
    " | twenty (first | second | third | fourth | fifth | sixth | seventh | eighth | ninth) | thirtieth | thirty first",
    "date": "today | tomorrow | the day after tomorrow | [on | this | next] <weekday>"
    " | <weekday> next week | a week from (<weekday> | today | tomorrow) | next week"
    " | in (two | three | four | five | six | ten) (days | weeks) | in a week"
    " | [on] the <ordinal> [of <month>] | [on] <weekday> [the] <ordinal> [of <month>]"
    " | [on] [<weekday>] <month> [the] <ordinal>",
    "dates": "[it's | how about | maybe | let's say | make it | for] <date> [morning | afternoon | evening] [please | would be fine | works for me]",
    "hour": "one | two | three | four | five | six | seven | eight | nine | ten | eleven | twelve",
    "minute": "oh <unit> | <teen> | <tens> [<unit>]",
    "daypart": "a m | p m | in the morning | in the afternoon | in the evening | at night",
    "time": "[at | around | about] (<hour> [<minute>] [o'clock] [<daypart>]"
    " | (half past | quarter past | quarter to | a quarter past | a quarter to | half) <hour> [<daypart>]"
    " | (five | ten | twenty) (past | to) <hour> [<daypart>] | noon | midday | midnight)",
    "plain_time": "(at | around | about) <hour> [<minute>] [o'clock] [<daypart>]"
    " | [at | around] (half past | quarter past | quarter to | a quarter past | a quarter to) <hour> [<daypart>]"
    " | [at] <hour> [<minute>] <daypart> | [at] <hour> o'clock [<daypart>] | at noon | at midday"
    " | in the (morning | afternoon | evening)",
    "times": "[it's | how about | maybe | let's say | make it] <time> [please | would be fine | works for me]",
    "phone": "[it's | it is | my number is | the number is | my phone number is | sure it's] <digits>",
    "yes_no": "yes | yeah | yep | sure | correct | right | exactly | of course | okay | yes please | yes it is"
    " | yes that's right | that's right | that is right | that's correct | that is correct | yes i do | yes i am"
    " | sounds good | absolutely | no | nope | no thanks | no thank you | not really | no it's not | no it isn't"
    " | that's wrong | that is wrong | that's not right | no that's wrong | no that's not right | not at all"
    " | no i don't | incorrect",
    "letter": "a | b | c | d | e | f | g | h | i | j | k | l | m | n | o | p | q | r | s | t | u | v | w | x | y | z",
    "spelled": "<letter> <letter> <letter>+",
    "first_name": " | ".join(FIRST_NAMES),
    "last_name": " | ".join(LAST_NAMES),
    "name": "[it's | it is | i'm | i am | my name is | my name's | this is | the name is | sure it's]"
    " (<first_name> [<last_name>] | [mister | missus | miss | doctor] <last_name> | <spelled>)",
    "mail_word": "<first_name> | <last_name> | <letter> | <digit> | info | mail | office | contact | dot | dash"
    " | underscore",
    "mail_host": "gmail | yahoo | hotmail | outlook | icloud | example | mail | proton | <last_name> | <letter>+",
    "email": "[it's | it is | my email is | my e-mail is] <mail_word>+ at <mail_host>"
    " dot (com | net | org | c o dot u k | d e | i o | e u)",
    "please": "please | thank you | thanks",
    "well": "hello | yes | yeah | well | okay | please | sorry",
    "decline": "skip | skip that | i don't have one | i don't know | i'd rather not | i have none",
}  # fmt: skip


@lru_cache(maxsize=256)
def grammar(expected: Expectation) -> Automaton | None:
    """The grammar of what is expected; None when nothing definite is."""
    parts = _slot(expected)
    openers = {shape for phrase in expected.openers if (shape := _phrase(phrase))}
    phrases = [shape for phrase in expected.phrases[:MOST_PHRASES] if (shape := _phrase(phrase))]
    if phrases:
        parts.append(f"[<well>] ({' | '.join(dict.fromkeys(phrases))}) [<please>]")
    if openers and expected.volunteered:
        tail = " ".join(f"[<{_PLAIN[kind]}>]" for kind in expected.volunteered if kind in _PLAIN)
        parts.append(f"[<well>] ({' | '.join(sorted(openers))}) [for] {tail} [<please>]")
    return compile_rule(" | ".join(f"({part})" for part in parts), RULES) if parts else None


def _slot(expected: Expectation) -> list[str]:
    kind = expected.slot
    if kind is None:
        return []
    if expected.choices:
        choices = [shape for choice in expected.choices if (shape := _plain(choice))]
        return [
            f"[<well>] [i would like | i'd like | i want | the] ({' | '.join(choices)}) [one] [<please>]",
            "[the] (first | second | third | last) one",
        ]
    shapes = {
        "date": "[<well>] <dates> [<plain_time>]" if "time" in expected.volunteered else "[<well>] <dates>",
        "time": "[<well>] <times> [<date>]" if "date" in expected.volunteered else "[<well>] <times>",
        "phone": "<phone>",
        "number": "[<well>] <number>",
        "yes_no": "[<well>] <yes_no> [<please>]",
        "name": "[<well>] <name>",
        "email": "[<well>] <email>",
    }
    wanted = shapes.get(kind)
    if wanted is None:
        return ["<decline>"]
    return [wanted] if kind == "yes_no" else [wanted, "<decline>"]


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(_digits_as_words(flatten(text))))


def _alike(plain: str) -> str:
    return " ".join(_ALIKE.get(word, word) for word in plain.split())


def _phrase(text: str) -> str:
    """An example as a rule; a polite opening may be any polite opening, or missing."""
    plain = _plain(text)
    opener = _OPENER.match(plain)
    if opener is None or len(plain.split()) - len(opener[0].split()) < 2:
        return _alike(plain)
    return f"[{_OPENERS}] {_alike(plain[opener.end() :])}"


# Words that callers take for one another; the flow's matching knows them as synonyms anyway.
_ALIKE = {
    "person": "(person | human | real person)",
    "human": "(person | human)",
    "someone": "(someone | somebody)",
    "somebody": "(someone | somebody)",
    "speak": "(speak | talk)",
    "talk": "(speak | talk)",
    "goodbye": "(goodbye | bye | bye bye)",
}

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _digits_as_words(text: str) -> str:
    return re.sub(r"\d", lambda digit: f" {_DIGITS[int(digit[0])]} ", text)
