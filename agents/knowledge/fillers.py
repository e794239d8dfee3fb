"""What people say around a question on the phone, and what says nothing about what they ask."""

from __future__ import annotations

import re

_SAID = {
    "en": "hi hello hey please thanks thank ok okay yes yeah well um uh so just like actually maybe kind sort really quick"
    " question ask asking asked wonder wondering tell told know need want wanted would could can may might should"
    " looking look find out give let say said get got anything something someone somebody there also about any"
    " possible possibly sure guess think thought mean help let's i'd i'm i've you're you guys folks sir ma'am what's"
    " how's there's don't do does did is are was were much many lot bit come go going get use have has had take time",
    "de": "hallo guten tag bitte danke ja nein also ähm äh mal eben nur gern gerne eigentlich vielleicht frage fragen"
    " wissen sagen möchte möchten würde würden könnte könnten können kann will wollte brauche hätte haben sie mir ihnen"
    " ihre ihr gibt es etwas was wie denn bei euch",
    "es": "hola buenos buenas días tardes por favor gracias sí bueno eh pues quería querría quisiera quiero preguntar"
    " pregunta saber decir decirme puede podría puedes necesito tiene tienen ustedes hay algo me",
    "fr": "bonjour bonsoir salut merci oui euh alors bon voudrais voulais veux aimerais savoir demander question dire"
    " pouvez pourriez peux est-ce que avez vous quelque chose besoin",
    "it": "ciao buongiorno buonasera grazie sì allora ehm vorrei volevo voglio sapere chiedere domanda dire può potrebbe"
    " avete avere bisogno qualcosa",
    "pt": "olá oi bom dia boa tarde obrigado obrigada sim então queria gostaria quero saber perguntar pergunta dizer pode"
    " poderia vocês têm tem preciso algo",
    "nl": "hallo hoi goedemorgen goedemiddag alsjeblieft dank ja nou eh graag wil wilde zou weten vragen vraag zeggen kan"
    " kunt kunnen heeft hebben jullie u iets nodig",
}
_FILLERS = {language: frozenset(words.split()) for language, words in _SAID.items()}
_WORD = re.compile(r"[\w'’-]+")


def asked(question: str, language: str) -> str:
    """The question without them; as it was when nothing else is in it."""
    fillers = _FILLERS.get(language.partition("-")[0], frozenset())
    left = [word for word in _WORD.findall(question) if word.lower().replace("’", "'") not in fillers]
    return " ".join(left) if left else question
