"""Writes docs/flow.md from what the kinds of steps, their fields and the expression language declare: `make docs`.

A test holds the file to it, so that it is never behind.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel

from agents.canvas.declarations import declarations
from agents.flow.declared import Declared, fields
from media_worker.contract import expressions
from media_worker.contract.expressions.functions import FUNCTIONS
from media_worker.contract.flow import CALL_VARIABLES, KINDS, MOST_NODES, Flow, NodeBase
from media_worker.contract.flow.parts import LONGEST_PROMPT

WRITTEN = Path(__file__).parent.parent / "docs" / "flow.md"

_BEGINNING = f"""# The flow

<!-- Written by `make docs` from media_worker/contract/flow and media_worker/contract/expressions: change those. -->

What an agent does in a call is a graph: a start, and up to {MOST_NODES} steps of the kinds below. The canvas and the outline
are two views of it, and everything here is made from the same declarations as their forms
(`media_worker/contract/flow`): this page, the words of problems (`agents/flow/problems.py`), differences between versions
(`agents/flow/differences.py`), and what a language model is told that writes flows.

A call that waits for its caller goes on by the first of these that opens a way:

1. **rules**, which are expressions: no model, some microseconds;
2. **topics** with their examples: the step's own, then those that hold everywhere;
3. **a language model**, where the step has ways out that the model decides.

Steps that do not listen go on at once. A circle of such steps would never let the caller speak, so it cannot be published.

## Variables and texts
What a step learns (a question's answer, a value that came up, a tool's answer, a value that was set) is a variable, and
every later text, rule, tool and clip may use it. In texts marked *text* below, `{{{{day}}}}` stands for its value, and
`{{{{day|that day}}}}` says what to say when there is none. A value is inserted as it is: braces in what a caller said stay
braces. In a template for several clients, `[[name]]` is a parameter, filled once when an agent is made from it.

Every call knows:
"""

_ENDING = f"""
## What is checked
`agents.content.read` says what is wrong with a draft, each with its place, and never refuses to keep it. Blocking: steps
that lead nowhere, circles without the caller, questions without words, two choices with one key, expressions that cannot be
read, numbers that cannot be called or come from what callers say, tools, clips, agents and knowledge that are not there.
Hints: steps that nothing leads to, variables that nothing fills, rules that can never hold or come too late, hours that lie
over each other. A draft is refused at save only when it is larger than a million characters, nested deeper than anything of
ours, or holds characters that no database keeps. A prompt may have {LONGEST_PROMPT:,} characters.
"""


def written() -> str:
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield _BEGINNING
    yield from _table(("variable", "what it is"), ((f"`{name}`", about) for name, about in CALL_VARIABLES.items()))
    yield "\n## The start"
    yield f"{Flow.about.text}. {_doc(Flow)}\n"
    yield from _fields(Flow)
    rows: dict[str, type[BaseModel]] = _rows_of(Flow)
    said = {kind["type"]: kind for kind in declarations()["kinds"]}
    group = ""
    for name, kind in KINDS.items():
        if kind.about.group != group:
            group = kind.about.group
            yield f"\n## {group}"
        yield f"\n### {kind.about.label} (`{name}`)"
        yield f"{kind.about.text}. {_doc(kind)}{' A call may wait here for the caller.' if kind.about.listens else ''}\n"
        yield from _fields(kind)
        yield from _ways(said[name]["ways"])
        rows |= _rows_of(kind)
    yield "\n## Rows and parts"
    for model in dict.fromkeys(rows.values()):
        yield f"\n### {model.__name__}"
        yield f"{_doc(model)}\n"
        yield from _fields(model)
    yield from _expressions()
    yield _ENDING


def _ways(ways: Iterable[dict[str, object]]) -> Iterator[str]:
    said = {"always": "always", "expression": "an expression holds", "intent": "the caller says or presses it",
            "decision": "a language model decides so", "failure": "it did not work"}  # fmt: skip
    found = [
        (
            f"`{way['field']}{'.…' if way['row'] else ''}`",
            str(way["label"] or ("its row" if way["row"] else "")),
            said.get(str(way["how"]), str(way["how"])),
        )
        for way in ways
    ]
    if found:
        yield "\nWays out, in the order in which a call looks at them:\n"
        yield from _table(("field", "called", "taken when"), found)
    else:
        yield "\nNo way out: the call ends here."


def _fields(model: type[BaseModel]) -> Iterator[str]:
    shown = [(f"`{name}`", one.title, _holds(one), one.about or "") for name, one in fields(model).items()]
    yield from _table(("field", "called", "holds", ""), shown)


def _holds(one: Declared) -> str:
    if one.model is not None:
        link = f"[{one.model.__name__}](#{one.model.__name__.lower()})"
        said = f"rows of {link}" if one.many else link
    elif one.choices and one.plain != "bool":
        said = ", ".join(f"`{key}`" for key, _ in one.choices)
    elif one.many:
        said = "names" if one.widget in ("tool", "bases") else "lines"
    else:
        said = {"node": "a step", "expression": "an expression", "variable": "a variable’s name"}.get(one.widget, "")
        said = said or {"bool": "yes or no", "int": "a whole number", "float": "a number"}.get(one.plain, "")
        said = said or ("*text*" if one.template else "a name" if one.named else "words")
    if one.template and one.many:
        said += " of *text*"
    return said + (", needed" if one.required else "")


def _rows_of(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {}
    for one in fields(model).values():
        if one.model is not None:
            found |= {one.model.__name__: one.model, **_rows_of(one.model)}
    return found


def _expressions() -> Iterator[str]:
    about, _, rest = inspect.cleandoc(expressions.__doc__ or "").partition("\n\n")
    table, _, more = rest.partition("\n\n")
    yield f"\n## Expressions\n{about}\n"
    yield "```"
    yield table.replace("see `functions.FUNCTIONS`: ", "")
    yield "```\n"
    yield more
    yield ""
    yield from _table(("function", "gives"), ((f"`{_call(name)}`", one.about) for name, one in FUNCTIONS.items()))


def _call(name: str) -> str:
    least, most = FUNCTIONS[name].takes
    given = ["x", "y", "z"][:least] if least <= 3 else ["x"]
    if most > least:
        given.append("…")
    return f"{name}({', '.join(given)})"


def _doc(model: type[BaseModel] | type[NodeBase]) -> str:
    return " ".join(inspect.cleandoc(model.__doc__ or "").split())


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = list(heads)
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"


if __name__ == "__main__":
    WRITTEN.write_text(written())
    print(f"{WRITTEN.relative_to(Path.cwd()) if WRITTEN.is_relative_to(Path.cwd()) else WRITTEN} is written.")
