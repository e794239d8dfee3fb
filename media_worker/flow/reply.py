"""What a flow answers with: words, what has to be done next, or that a model has to go on."""

from __future__ import annotations

from dataclasses import dataclass

from media_worker.flow.work import Work


@dataclass(frozen=True)
class Line:
    """A piece of a reply that is spoken in its own way: as a recorded clip, or by another voice."""

    text: str
    clip: str = ""
    voice: str = ""

    @property
    def marked(self) -> str:
        """For a voice that plays clips. One that is not there is spoken."""
        words = self.text.replace("[", "(").replace("]", ")")
        return f"[clip:{self.clip}|{words}]" if self.clip else self.text


@dataclass(frozen=True)
class Reply:
    """What the agent says now. `end`: hang up once it was heard. `fallback`: the caller was not understood.

    `text` is all of it in words; `lines` are its pieces where nodes were passed, some clips or with a voice of their own.
    `interruptible`: False when something is in it that a node wants heard to its end.
    `work`: to be done next; its outcome goes to `FlowRunner.worked`, which gives the next reply.
    `think`: a language model goes on from here (`FlowRunner.system_prompt`, `.tools`); when it has answered,
    `FlowRunner.thought` gives what the flow adds. `gone`: the line has left with a transfer, nobody hangs up.
    """

    text: str
    end: bool = False
    outcome: str = ""
    fallback: bool = False
    listen: bool = True
    interruptible: bool = True
    work: Work | None = None
    think: bool = False
    gone: bool = False
    lines: tuple[Line, ...] = ()


def joined(*parts: str) -> str:
    return " ".join(part.strip() for part in parts if part and part.strip())


def by_voice(reply: Reply, otherwise: str) -> list[tuple[str, str]]:
    """What is spoken by which voice, in order, with the marks of clips; at least one. `otherwise`: who speaks a reply
    that has no lines."""
    said: list[tuple[str, str]] = []
    for line in reply.lines:
        if said and said[-1][0] == line.voice:
            said[-1] = (line.voice, joined(said[-1][1], line.marked))
        else:
            said.append((line.voice, line.marked))
    return said or [(otherwise, reply.text)]
