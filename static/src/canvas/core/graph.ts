// The drawing as React Flow wants it. What did not change is the same object as before, so that only what changed is drawn.
import type { Edge, Node, NodeHandle } from "@xyflow/react";
import { MarkerType, Position } from "@xyflow/react";
import type { Exit, Kinds } from "./declared";
import { START, idOf, keysById } from "./drawing";
import type { Size } from "./layout";
import { HEAD, WIDTH, exitAt, sizeOf } from "./layout";
import { title } from "./names";
import type { State } from "./store";
import type { Kind } from "./types";
import { isRow, text } from "./types";

export type Mark = "" | "bad" | "warn";

export interface CardData extends Record<string, unknown> {
  kind: Kind | undefined;
  title: string;
  words: string;
  lines: 0 | 1 | 2;
  exits: readonly Exit[];
  /** Ids of exits that lead to a step that does not exist. */
  lost: string;
  more: boolean;
  mark: Mark;
  lit: "" | "path" | "current";
  /** What was sent for the kind, when it is none we know. */
  unknown: string;
}

export type Card = Node<CardData, "card">;

export class Graph {
  private cards = new Map<string, { card: Card; made: readonly unknown[] }>();
  private edges = new Map<string, { edges: Edge[]; made: readonly unknown[] }>();

  constructor(private readonly kinds: Kinds, private readonly mayBuild: boolean) {}

  nodes(state: State): Card[] {
    const marks = marksOf(state);
    const keys = keysById(state.drawing);
    const { drawing } = state;
    const next = new Map<string, { card: Card; made: readonly unknown[] }>();
    const entry = (key: string, kind: Kind | undefined, value: unknown, at: { x: number; y: number }, id: string) => {
      const lost = this.lost(kind, value, keys);
      const made = [value, at.x, at.y, marks.get(key) ?? "", litOf(state, id), lost];
      const kept = this.cards.get(key);
      const same = kept && kept.made.every((one, number) => one === made[number]);
      next.set(key, same ? kept : { card: this.card(key, kind, value, at, made, kept?.card), made });
    };
    entry(START, this.kinds.start, drawing.start, drawing.at, START);
    for (const step of drawing.steps) entry(step.key, this.kinds.of(step.value), step.value, step, idOf(step));
    this.cards = next;
    return [...next.values()].map(({ card }) => card);
  }

  private card(key: string, kind: Kind | undefined, value: unknown, at: { x: number; y: number }, made: readonly unknown[], before?: Card): Card {
    const size = sizeOf(this.kinds, kind, value);
    const exits = kind && isRow(value) ? this.kinds.exits(kind, value) : [];
    const more = this.mayBuild && !!kind && isRow(value) && this.kinds.addable(kind, value).length > 0;
    const data: CardData = {
      kind,
      title: key === START ? this.kinds.start.label : isRow(value) ? title(text(value["id"])) || "Without a name" : "Unreadable",
      words: size.words,
      lines: size.lines,
      exits,
      more,
      mark: made[3] as Mark,
      lit: made[4] as CardData["lit"],
      lost: made[5] as string,
      unknown: kind ? "" : isRow(value) ? text(value["type"]) : "",
    };
    const sameLooks = before && before.data.lost === data.lost && before.data.mark === data.mark && before.data.lit === data.lit;
    const sameValue = sameLooks && before.data.exits === exits && before.data.title === data.title && before.data.words === data.words && before.data.more === more;
    return {
      id: key,
      type: "card",
      position: { x: at.x, y: at.y },
      data: sameValue ? before.data : data,
      width: WIDTH,
      height: size.height,
      handles: handles(key, size, exits, more),
      deletable: key !== START,
      ariaLabel: `${kind?.label ?? "Unknown"}: ${data.title}`,
    };
  }

  private lost(kind: Kind | undefined, value: unknown, keys: ReadonlyMap<string, string>): string {
    if (!kind || !isRow(value)) return "";
    return this.kinds.exits(kind, value).filter((exit) => exit.target && !keys.has(exit.target)).map((exit) => exit.id).join(" ");
  }

  lines(state: State): Edge[] {
    const keys = keysById(state.drawing);
    const next = new Map<string, { edges: Edge[]; made: readonly unknown[] }>();
    const steps = [
      { key: START, kind: this.kinds.start, value: state.drawing.start as unknown, id: START },
      ...state.drawing.steps.map((step) => ({ key: step.key, kind: this.kinds.of(step.value), value: step.value, id: idOf(step) })),
    ];
    for (const { key, kind, value, id } of steps) {
      const exits = kind && isRow(value) ? this.kinds.exits(kind, value) : [];
      const to = exits.map((exit) => keys.get(exit.target) ?? "").join(" ");
      const lit = exits.map((exit) => (wasWalked(state, id, exit.target) ? "lit" : "")).join(" ");
      const made = [exits, to, lit];
      const kept = this.edges.get(key);
      const same = kept && kept.made.every((one, number) => one === made[number]);
      next.set(key, same ? kept : { edges: edges(key, exits, keys, (target) => wasWalked(state, id, target)), made });
    }
    this.edges = next;
    return [...next.values()].flatMap((one) => one.edges);
  }
}

function handles(key: string, size: Size, exits: readonly Exit[], more: boolean): NodeHandle[] {
  const point = (id: string, x: number, y: number, position: Position, type: "source" | "target"): NodeHandle => ({
    id, type, position, x: x - 6, y: y - 6, width: 12, height: 12,
  });
  return [
    ...(key === START ? [] : [point("in", 0, HEAD / 2, Position.Left, "target")]),
    ...exits.map((exit, number) => point(exit.id, WIDTH, exitAt(size, number), Position.Right, "source")),
    ...(more ? [point("+", WIDTH - 20, size.height, Position.Bottom, "source")] : []),
  ];
}

function edges(key: string, exits: readonly Exit[], keys: ReadonlyMap<string, string>, walked: (target: string) => boolean): Edge[] {
  return exits.flatMap((exit) => {
    const target = keys.get(exit.target);
    if (!target) return [];
    const lit = walked(exit.target);
    return [{
      id: `${key} ${exit.id}`,
      source: key,
      sourceHandle: exit.id,
      target,
      targetHandle: "in",
      className: `${exit.how}${lit ? " lit" : ""}`,
      markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: lit ? "var(--brand)" : "var(--line-strong)" },
      interactionWidth: 14,
    }];
  });
}

function marksOf(state: State): Map<string, Mark> {
  const found = new Map<string, Mark>();
  for (const problem of state.problems) if (problem.key && found.get(problem.key) !== "bad") found.set(problem.key, problem.blocking ? "bad" : "warn");
  return found;
}

function litOf(state: State, id: string): CardData["lit"] {
  if (!id) return "";
  return state.lit.current === id ? "current" : state.lit.nodes.includes(id) ? "path" : "";
}

/** Whether the tried conversation went from here to there. The start leads to the first step of the path. */
function wasWalked(state: State, from: string, to: string): boolean {
  const { nodes } = state.lit;
  if (!to || !nodes.length) return false;
  if (from === START) return nodes[0] === to;
  return nodes.some((id, number) => id === from && nodes[number + 1] === to);
}
