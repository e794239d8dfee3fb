// Where cards stand and how large they are. Sizes follow from what a card shows, so that nothing has to be measured.
import dagre from "@dagrejs/dagre";
import type { Kinds } from "./declared";
import type { Drawing } from "./drawing";
import { START, idOf, keysById } from "./drawing";
import type { Point } from "./editing";
import { moved } from "./editing";
import type { Kind, Row } from "./types";
import { isRow, text } from "./types";

export const WIDTH = 248;
export const HEAD = 44;
export const WORDS = 48;
const ONE_LINE = 30;
const FITS_ONE_LINE = 38;
export const EXIT = 28;
export const FOOT = 6;
const GAP_X = 76;
const GAP_Y = 32;

export interface Size {
  words: string;
  lines: 0 | 1 | 2;
  /** Where the rows of the ways out begin. */
  top: number;
  height: number;
}

export function sizeOf(kinds: Kinds, kind: Kind | undefined, value: unknown): Size {
  if (!kind || !isRow(value)) return { words: "", lines: 0, top: HEAD, height: HEAD };
  const exits = kinds.exits(kind, value).length;
  const words = kinds.words(kind, value);
  const lines = words ? (words.length > FITS_ONE_LINE || words.includes("\n") ? 2 : 1) : 0;
  const top = HEAD + [0, ONE_LINE, WORDS][lines]!;
  return { words, lines, top, height: top + exits * EXIT + (exits ? FOOT : 0) };
}

/** The y of the middle of an exit's row. */
export function exitAt(size: Size, number: number): number {
  return size.top + 3 + number * EXIT + EXIT / 2;
}

interface Box {
  key: string;
  kind: Kind | undefined;
  value: unknown;
}

function boxes(drawing: Drawing, kinds: Kinds): Box[] {
  const start: Box = { key: START, kind: kinds.start, value: drawing.start };
  return [start, ...drawing.steps.map((step) => ({ key: step.key, kind: kinds.of(step.value), value: step.value }))];
}

/** Everything in order from left to right, as calls go. */
export function tidied(drawing: Drawing, kinds: Kinds): Drawing {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", ranksep: GAP_X, nodesep: GAP_Y, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  const keys = keysById(drawing);
  const sizes = new Map<string, Size>();
  for (const { key, kind, value } of boxes(drawing, kinds)) {
    const size = sizeOf(kinds, kind, value);
    sizes.set(key, size);
    graph.setNode(key, { width: WIDTH, height: size.height });
  }
  for (const { key, kind, value } of boxes(drawing, kinds)) {
    for (const exit of kind && isRow(value) ? kinds.exits(kind, value) : []) {
      const to = keys.get(exit.target);
      if (to && to !== key) graph.setEdge(key, to, { weight: exit.how === "failure" ? 1 : 3 });
    }
  }
  dagre.layout(graph);
  const places = new Map<string, Point>();
  for (const [key, size] of sizes) {
    const { x, y } = graph.node(key) as Point;
    places.set(key, { x: Math.round(x - WIDTH / 2), y: Math.round(y - size.height / 2) });
  }
  return moved(drawing, places);
}

/** Everything has a place: kept ones stay, new ones stand beside what leads to them. Not yet to be saved. */
export function laidOut(drawing: Drawing, kinds: Kinds): Drawing {
  const loose = drawing.steps.filter((step) => !step.placed);
  if (!loose.length && drawing.at.placed) return drawing;
  if (loose.length === drawing.steps.length) return tidied(drawing, kinds);
  const places = new Map<string, Point>(drawing.steps.filter((step) => step.placed).map((step) => [step.key, step]));
  if (drawing.at.placed) places.set(START, drawing.at);
  const heights = new Map(boxes(drawing, kinds).map(({ key, kind, value }) => [key, sizeOf(kinds, kind, value).height]));
  if (!drawing.at.placed) places.set(START, freeAt(leftOf(places), places, heights, START));
  for (const step of loose) {
    const before = parentOf(drawing, kinds, idOf(step), places);
    places.set(step.key, freeAt({ x: before.x + WIDTH + GAP_X, y: before.y }, places, heights, step.key));
  }
  return moved(drawing, places);
}

function leftOf(places: ReadonlyMap<string, Point>): Point {
  const all = [...places.values()];
  return { x: Math.min(...all.map((at) => at.x)) - WIDTH - GAP_X, y: Math.min(...all.map((at) => at.y)) };
}

function parentOf(drawing: Drawing, kinds: Kinds, id: string, places: ReadonlyMap<string, Point>): Point {
  for (const { key, kind, value } of boxes(drawing, kinds)) {
    const at = places.get(key);
    const leads = kind && isRow(value) && kinds.exits(kind, value as Row).some((exit) => id && exit.target === text(id));
    if (at && leads) return at;
  }
  return places.get(START) ?? { x: 0, y: 0 };
}

/** The nearest place below where nothing stands. */
export function freeAt(at: Point, places: ReadonlyMap<string, Point>, heights: ReadonlyMap<string, number>, key: string): Point {
  const mine = heights.get(key) ?? HEAD + WORDS;
  let y = at.y;
  for (let moves = 0; moves <= places.size; moves += 1) {
    const hit = [...places].find(
      ([other, there]) =>
        other !== key && Math.abs(there.x - at.x) < WIDTH + 16 && y < there.y + (heights.get(other) ?? 0) + 16 && there.y < y + mine + 16,
    );
    if (!hit) break;
    y = hit[1].y + (heights.get(hit[0]) ?? 0) + GAP_Y;
  }
  return { x: at.x, y };
}
