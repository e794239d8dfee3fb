// A draft as it is drawn. Tolerant: what makes no sense is kept as it is, shown as far as it goes, and sent back unharmed.
import type { Draft, Row } from "./types";
import { isRow, rowsOf, text } from "./types";

export const START = "start";

/** A step. `key` stays the same when it is renamed; `value` is what the draft holds. Without a place it gets one. */
export interface Step {
  readonly key: string;
  readonly value: unknown;
  readonly x: number;
  readonly y: number;
  readonly placed: boolean;
}

/** `start` holds the flow's own fields. `stray` is what stood in the place of the steps and was no list. */
export interface Drawing {
  readonly start: Row;
  readonly at: { readonly x: number; readonly y: number; readonly placed: boolean };
  readonly steps: readonly Step[];
  readonly stray?: unknown;
}

let made = 0;

export function newKey(): string {
  made += 1;
  return `step${made}`;
}

export function idOf(step: Step): string {
  return isRow(step.value) ? text(step.value["id"]) : "";
}

export function opened(draft: Draft): Drawing {
  const flow = isRow(draft.flow) ? draft.flow : {};
  const layout = isRow(draft.layout) ? draft.layout : {};
  const { nodes, ...start } = flow;
  const steps = rowsOf(nodes).map((value) => {
    const at = place(layout[isRow(value) ? text(value["id"]) : ""]);
    return { key: newKey(), value, ...at };
  });
  const startIsStep = steps.some((step) => idOf(step) === START);
  const drawing: Drawing = { start, at: place(startIsStep ? undefined : layout[START]), steps };
  return nodes === undefined || Array.isArray(nodes) ? drawing : { ...drawing, stray: nodes };
}

/** As the server keeps it. */
export function closed(drawing: Drawing): Draft {
  const nodes = drawing.steps.length || drawing.stray === undefined ? drawing.steps.map((step) => step.value) : drawing.stray;
  const layout: Record<string, [number, number]> = {};
  if (drawing.at.placed) layout[START] = [Math.round(drawing.at.x), Math.round(drawing.at.y)];
  for (const step of drawing.steps) {
    const id = idOf(step);
    if (step.placed && /^[a-z][a-z0-9_]{0,39}$/.test(id)) layout[id] = [Math.round(step.x), Math.round(step.y)];
  }
  return { flow: { ...drawing.start, nodes }, layout };
}

function place(value: unknown): { x: number; y: number; placed: boolean } {
  const [x, y] = rowsOf(value);
  if (typeof x === "number" && typeof y === "number") return { x, y, placed: true };
  return { x: 0, y: 0, placed: false };
}

/** The key of the step with this id; of two with the same id, the first. */
export function keysById(drawing: Drawing): Map<string, string> {
  const found = new Map<string, string>();
  for (const step of drawing.steps) {
    const id = idOf(step);
    if (id && !found.has(id)) found.set(id, step.key);
  }
  return found;
}
