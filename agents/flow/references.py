"""What a flow names and only its surroundings know: tools, knowledge bases, other agents, clips.

The second pass after `agents.flow.check`: `Around` is what there is (`agents.around` asks the database), and what is None
in it is not known and not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agents.flow.declared import of_flow
from agents.flow.problems import Path, Places, Problem
from agents.flow.variables import Variables, holes, missing_variables, tools_of, variables_of
from media_worker.contract.flow import Argument, Flow, ToolNode
from media_worker.contract.tools import Parameter, ToolSpec


@dataclass(frozen=True)
class Around:
    """What an agent of one client may name. None: not known, so nothing is said about it."""

    tools: Mapping[str, ToolSpec] | None = None
    bases: frozenset[str] | None = None
    agents: frozenset[str] | None = None
    clips: frozenset[str] | None = None
    itself: str = ""


def check_references(flow: Flow, around: Around, knowledge: Sequence[str] = ()) -> list[Problem]:
    """`knowledge`: the bases that the agent may read."""
    places = Places(flow)
    sets = {name: tool.sets for name, tool in around.tools.items()} if around.tools is not None else None
    remembered = [one.sets for one in (around.tools or {}).values() if one.act == "remember"]
    known = variables_of(flow, sets, {name for names in remembered for name in names})
    problems = list(_check_names(flow, around, knowledge, places))
    for number, base in enumerate(knowledge):
        if around.bases is not None and base not in around.bases:
            sentence = f"This client has no knowledge called “{base}”."
            problems.append(Problem("Knowledge", sentence, ("knowledge", number)))
    if around.tools is not None and sets is not None:
        problems += [*_check_tools(flow, around.tools, known, places), *missing_variables(flow, sets)]
    return problems


# ── names ────────────────────────────────────────────────────────────────────────────────────────


def _check_names(flow: Flow, around: Around, knowledge: Sequence[str], places: Places) -> Iterator[Problem]:
    there = {"agent": around.agents, "clip": around.clips, "bases": around.bases, "tool": around.tools}
    said = {
        "agent": "This client has no agent called “{}”.",
        "clip": "There is no recorded clip called “{}”.",
        "bases": "This client has no knowledge called “{}”.",
        "tool": "There is no tool called “{}”.",
    }
    for found in of_flow(flow):
        names = there.get(found.field.widget)
        if names is None or not found.value:
            continue
        several = isinstance(found.value, tuple)
        for number, name in enumerate(found.value if several else (found.value,)):
            path: Path = (*found.path, number) if several else found.path
            if name not in names:
                yield Problem(places(found.path), said[found.field.widget].format(str(name)[:60]), path)
            elif found.field.widget == "agent" and name == around.itself:
                yield Problem(places(path), "It would hand the call over to itself.", path)
            elif found.field.widget == "bases" and name not in knowledge:
                yield Problem(places(found.path), f"The agent may not read “{name}”: allow it under Knowledge.", path)


# ── tools ────────────────────────────────────────────────────────────────────────────────────────


def _check_tools(flow: Flow, tools: Mapping[str, ToolSpec], known: Variables, places: Places) -> Iterator[Problem]:
    for number, before in enumerate(flow.before):
        path: Path = ("flow", "before", number)
        tool = tools.get(before.tool)
        if tool is None:
            continue
        if tool.act != "host":
            sentence = f"“{_label(tool)}” cannot be used before the greeting: it finds nothing out."
            yield Problem(places(path), sentence, (*path, "tool"))
        yield from _check_arguments(tool, before.arguments, path, known, places)
        for place, argument in enumerate(before.arguments):
            late = [name for name, default in holes(argument.value) if name not in known.early and not default]
            if late:
                at = (*path, "arguments", place, "value")
                sentence = f"{{{{{late[0][:40]}}}}} is not known yet before the greeting."
                yield Problem(places(at), sentence, at, blocking=False)
    for number, node in enumerate(flow.nodes):
        tool = tools.get(node.tool) if isinstance(node, ToolNode) else None
        if isinstance(node, ToolNode) and tool is not None:
            yield from _check_arguments(tool, node.arguments, ("flow", "nodes", number), known, places)
    for name, path in tools_of(flow):
        tool = tools.get(name)
        if tool is None or len(path) != 5:
            continue
        for parameter in tool.parameters:
            heard = _heard(parameter, None, known)
            if parameter.trusted and parameter.source == "model":
                sentence = f"“{_label(tool)}” lets the model fill “{parameter.name}”, which callers may not choose."
                yield Problem(places(path[:4]), sentence, path)
            elif parameter.trusted and heard:
                yield Problem(places(path[:4]), _from_callers(parameter, heard), path)


def _check_arguments(
    tool: ToolSpec, arguments: tuple[Argument, ...], path: Path, known: Variables, places: Places
) -> Iterator[Problem]:
    """What a step gives a tool, held to what the tool takes. What it does not give comes from the variable of that name."""
    parameters = {parameter.name: parameter for parameter in tool.parameters}
    given: dict[str, tuple[Argument, Path]] = {}
    for place, argument in enumerate(arguments):
        at: Path = (*path, "arguments", place, "value")
        given[argument.name] = argument, at
        parameter = parameters.get(argument.name)
        if parameter is None:
            takes = ", ".join(parameters) or "nothing"
            sentence = f"“{_label(tool)}” takes no “{argument.name}”; it takes {takes[:200]}."
            yield Problem(places(at), sentence, (*at[:-1], "name"))
        elif parameter.source == "fixed":
            sentence = f"“{argument.name}” is fixed where the tool is set up, so what stands here is not used."
            yield Problem(places(at), sentence, at, blocking=False)
    for name, parameter in parameters.items():
        own = given.get(name)
        at = own[1] if own else (*path, "arguments")
        heard = _heard(parameter, own[0] if own else None, known)
        if parameter.trusted and heard:
            yield Problem(places(at), _from_callers(parameter, heard), at)
        elif parameter.required and own is not None and parameter.source != "fixed":
            if not own[0].value.strip():
                yield Problem(places(at), f"“{_label(tool)}” needs “{name}”, and nothing is given.", at)
        elif parameter.required and parameter.source == "model" and name not in known.known:
            sentence = f"“{_label(tool)}” needs “{name}”, and this step does not give it."
            yield Problem(places(path), sentence, at)


def _heard(parameter: Parameter, argument: Argument | None, known: Variables) -> str:
    """The variable by which what a caller said would get into a parameter; empty when it cannot."""
    if parameter.source == "fixed":
        names = [name for name, _ in holes(parameter.value)]
    elif argument is not None:
        names = [name for name, _ in holes(argument.value)]
    else:
        names = [parameter.value or parameter.name if parameter.source == "variable" else parameter.name]
    return next((name for name in names if name in known.heard), "")


def _from_callers(parameter: Parameter, variable: str) -> str:
    return f"“{parameter.name}” may not come from what callers say, and {{{{{variable[:40]}}}}} does."


def _label(tool: ToolSpec) -> str:
    return tool.label or tool.name
