// The drawing as React Flow wants it. What did not change is the same object as before, so that only what changed is drawn.
import type { Node, NodeHandle } from "@xyflow/react";
import { MarkerType, Position } from "@xyflow/react";
import type { Exit, Kinds } from "./declared";
import type { Drawing } from "./drawing";
import { START, idOf, keysById } from "./drawing";
import type { Size } from "./layout";
import { EXIT, HEAD, WIDTH, exitAt, sizeOf } from "./layout";
import { title } from "./names";
import type { Box, Lane } from "./route";
import { laneBetween } from "./route";
import type { State } from "./store";
import type { LineEdge } from "../view/Line";
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
  private edges = new Map<string, { edges: LineEdge[]; made: readonly unknown[] }>();
  private looks = "";
  private routed = new Map<string, Routed>();

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
      measured: { width: WIDTH, height: size.height },
      handles: handles(key, size, exits, more),
      deletable: key !== START,
      ariaLabel: `${kind?.label ?? "Unknown"}: ${data.title}`,
    };
  }

  private lost(kind: Kind | undefined, value: unknown, keys: ReadonlyMap<string, string>): string {
    if (!kind || !isRow(value)) return "";
    return this.kinds.exits(kind, value).filter((exit) => exit.target && !keys.has(exit.target)).map((exit) => exit.id).join(" ");
  }

  lines(state: State): LineEdge[] {
    const keys = keysById(state.drawing);
    const lanes = this.lanes(state.drawing, keys);
    const next = new Map<string, { edges: LineEdge[]; made: readonly unknown[] }>();
    for (const { key, kind, value, id } of stepsOf(state.drawing, this.kinds)) {
      const exits = kind && isRow(value) ? this.kinds.exits(kind, value) : [];
      const to = exits.map((exit) => keys.get(exit.target) ?? "").join(" ");
      const lit = exits.map((exit) => (wasWalked(state, id, exit.target) ? "lit" : "")).join(" ");
      const made = [exits, to, lit, JSON.stringify(exits.map((exit) => lanes.get(`${key} ${exit.id}`) ?? null))];
      const kept = this.edges.get(key);
      const same = kept && kept.made.every((one, number) => one === made[number]);
      next.set(key, same ? kept : { edges: edges(key, exits, keys, lanes, (target) => wasWalked(state, id, target)), made });
    }
    this.edges = next;
    return [...next.values()].flatMap((one) => one.edges);
  }

  /** Found anew only when a card moved, came, went or grew, or a line leads elsewhere. */
  private lanes(drawing: Drawing, keys: ReadonlyMap<string, string>): Map<string, Routed> {
    const boxes = new Map<string, Box & { top: number }>();
    const wanted: { id: string; from: string; to: string; number: number }[] = [];
    for (const { key, kind, value, at } of stepsOf(drawing, this.kinds)) {
      const size = sizeOf(this.kinds, kind, value);
      boxes.set(key, { x: at.x, y: at.y, width: WIDTH, height: size.height, top: exitAt(size, 0) });
      const exits = kind && isRow(value) ? this.kinds.exits(kind, value) : [];
      exits.forEach((exit, number) => {
        const to = keys.get(exit.target);
        if (to) wanted.push({ id: `${key} ${exit.id}`, from: key, to, number });
      });
    }
    const all = [...boxes.values()];
    const looks = `${all.map((box) => `${box.x},${box.y},${box.height},${box.top}`).join(" ")}|${wanted.map((one) => `${one.id}>${one.to}`).join(" ")}`;
    if (looks === this.looks) return this.routed;
    this.looks = looks;
    this.routed = new Map(wanted.map(({ id, from, to, number }) => {
      const begin = boxes.get(from)!;
      const end = boxes.get(to)!;
      const source = { x: begin.x + WIDTH + 6, y: begin.y + begin.top + number * EXIT };
      const target = { x: end.x - 6, y: end.y + HEAD / 2 };
      return [id, { lane: laneBetween(source, target, all), ends: [source.x, source.y, target.x, target.y] }];
    }));
    return this.routed;
  }
}

interface Routed {
  lane: Lane | null;
  ends: number[];
}

function stepsOf(drawing: Drawing, kinds: Kinds) {
  const start = { key: START, kind: kinds.start as Kind | undefined, value: drawing.start as unknown, id: START, at: drawing.at as { x: number; y: number } };
  return [start, ...drawing.steps.map((step) => ({ key: step.key, kind: kinds.of(step.value), value: step.value, id: idOf(step), at: step }))];
}

function handles(key: string, size: Size, exits: readonly Exit[], more: boolean): NodeHandle[] {
  const point = (id: string, x: number, y: number, position: Position, type: "source" | "target"): NodeHandle => ({
    id, type, position, x: x - 6, y: y - 6, width: 12, height: 12,
  });
  return [
    ...(key === START ? [] : [point("in", 0, HEAD / 2, Position.Left, "target")]),
    ...exits.map((exit, number) => point(exit.id, WIDTH, exitAt(size, number), Position.Right, "source")),
    ...(more ? [point("+", 20, size.height, Position.Bottom, "source")] : []),
  ];
}

function edges(
  key: string, exits: readonly Exit[], keys: ReadonlyMap<string, string>, lanes: ReadonlyMap<string, Routed>, walked: (target: string) => boolean,
): LineEdge[] {
  return exits.flatMap((exit) => {
    const target = keys.get(exit.target);
    if (!target) return [];
    const lit = walked(exit.target);
    return [{
      id: `${key} ${exit.id}`,
      type: "line" as const,
      data: lanes.get(`${key} ${exit.id}`) ?? { lane: null, ends: [] },
      source: key,
      sourceHandle: exit.id,
      target,
      targetHandle: "in",
      className: `${exit.how}${lit ? " lit" : ""}`,
      markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: lit ? "var(--live)" : "var(--line-of-way)" },
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
