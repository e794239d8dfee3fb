"""What the call itself can do. Nothing is configured, and every agent has them: the media worker does them."""

from __future__ import annotations

from agents.tools.kinds.base import Kind, KindAbout, NoSecrets, Operation, Settings
from media_worker.contract.tools import Parameter


class Nothing(Settings):
    pass


class EndCall(Kind):
    name = "end_call"
    about = KindAbout("End the call", "phone-off", "Says goodbye and hangs up", "Call")
    Config, Secrets, ready = Nothing, NoSecrets, True

    def operations(self, config: Nothing) -> tuple[Operation, ...]:
        goodbye = Parameter(name="goodbye", about="What to say last. Empty: an ordinary goodbye.", required=False)
        text = "Ends the call. Only when the caller wants nothing more, or says goodbye."
        return (Operation("", "End the call", text, (goodbye,), act="end_call"),)


class SendDigits(Kind):
    name = "send_digits"
    about = KindAbout("Press keys", "grid-3x3", "Sends tones, as a phone's keys do", "Call")
    Config, Secrets, ready = Nothing, NoSecrets, True

    def operations(self, config: Nothing) -> tuple[Operation, ...]:
        digits = Parameter(name="digits", about="0-9, * and #; w waits half a second.")
        text = "Presses keys of the phone, where a recorded menu asks for it."
        return (Operation("", "Press keys", text, (digits,), act="send_digits"),)


class Remember(Kind):
    name = "remember"
    about = KindAbout("Remember", "bookmark", "Keeps something as a variable of the call", "Call")
    Config, Secrets, ready = Nothing, NoSecrets, True

    def operations(self, config: Nothing) -> tuple[Operation, ...]:
        what = Parameter(name="name", about="What it is called: lower case, with underscores.")
        value = Parameter(name="value", about="What is to be remembered.")
        text = "Remembers something that the caller said and that will be needed later in the call."
        return (Operation("", "Remember", text, (what, value), safe=True, act="remember"),)


class SearchKnowledge(Kind):
    name = "search_knowledge"
    about = KindAbout("Look up", "book-open", "Searches the knowledge that the agent may read", "Call")
    Config, Secrets, ready = Nothing, NoSecrets, True

    def operations(self, config: Nothing) -> tuple[Operation, ...]:
        question = Parameter(name="question", about="The question, with all that is needed to understand it.")
        text = "Looks a question up in the business's own documents. Use it before saying that you do not know."
        return (Operation("", "Look up", text, (question,), safe=True, act="knowledge"),)
