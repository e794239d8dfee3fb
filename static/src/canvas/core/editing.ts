// Every change of a drawing, as a function from one to the next. Nothing is changed in place.
import type { Addable, Kinds } from "./declared";
import { fieldOf, freshRow } from "./declared";
import type { Drawing, Step } from "./drawing";
import { START, idOf, newKey } from "./drawing";
import { free, identifier } from "./names";
import type { Field, Kind, Path, Row } from "./types";
import { isRow, rowsOf, text } from "./types";

export interface Point {
  x: number;
  y: number;
}

/** `value` with `put` at `path`; lists and rows on the way are copied. */
export function putAt(value: unknown, path: Path, put: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return put;
  if (typeof first === "number") {
    const list = [...rowsOf(value)];
    list[first] = putAt(list[first], rest, put);
    return list;
  }
  const row = isRow(value) ? value : {};
  return { ...row, [first]: putAt(row[first], rest, put) };
}

export function valueOf(drawing: Drawing, key: string): unknown {
  return key === START ? drawing.start : drawing.steps.find((step) => step.key === key)?.value;
}

export function put(drawing: Drawing, key: string, path: Path, value: unknown): Drawing {
  if (key === START) return { ...drawing, start: putAt(drawing.start, path, value) as Row };
  return changed(drawing, key, (step) => ({ ...step, value: putAt(step.value, path, value) }));
}

function changed(drawing: Drawing, key: string, change: (step: Step) => Step): Drawing {
  return { ...drawing, steps: drawing.steps.map((step) => (step.key === key ? change(step) : step)) };
}

export function moved(drawing: Drawing, places: ReadonlyMap<string, Point>): Drawing {
  const at = places.get(START);
  return {
    ...drawing,
    at: at ? { x: at.x, y: at.y, placed: true } : drawing.at,
    steps: drawing.steps.map((step) => {
      const to = places.get(step.key);
      return to ? { ...step, x: to.x, y: to.y, placed: true } : step;
    }),
  };
}

export function ids(drawing: Drawing): Set<string> {
  return new Set(drawing.steps.map(idOf).filter(Boolean));
}

export function added(drawing: Drawing, kinds: Kinds, kind: Kind, at: Point): [Drawing, Step] {
  const id = free(identifier(kind.label, kind.type), new Set([...ids(drawing), START]));
  const step: Step = { key: newKey(), value: kinds.fresh(kind, id), ...at, placed: true };
  const { stray: _, ...rest } = drawing;
  const first = !drawing.steps.length && !text(drawing.start["start"]);
  return [{ ...rest, steps: [...drawing.steps, step], start: first ? { ...drawing.start, start: id } : drawing.start }, step];
}

/** Without these steps. Ways out that led to them are open again; rows that only led there stay, with their words. */
export function removed(drawing: Drawing, kinds: Kinds, keys: ReadonlySet<string>): Drawing {
  const gone = new Set(drawing.steps.filter((step) => keys.has(step.key)).map(idOf));
  const steps = drawing.steps.filter((step) => !keys.has(step.key));
  for (const step of steps) gone.delete(idOf(step));
  return followed({ ...drawing, steps }, kinds, (target, field) => (gone.has(target) ? (field.optional ? null : "") : target));
}

/** With another id; whatever leads to the step leads to it still. */
export function renamed(drawing: Drawing, kinds: Kinds, key: string, typed: string): Drawing {
  const step = drawing.steps.find((one) => one.key === key);
  if (!step || !isRow(step.value)) return drawing;
  const old = idOf(step);
  const others = new Set(drawing.steps.filter((one) => one.key !== key).map(idOf));
  const id = free(identifier(typed, text(step.value["type"]) || "step"), others);
  if (id === old) return drawing;
  const next = changed(drawing, key, (one) => ({ ...one, value: { ...(one.value as Row), id } }));
  return others.has(old) ? next : followed(next, kinds, (target) => (target === old ? id : target));
}

type Follow = (target: string, field: Field) => string | null;

/** Every reference to a step, wherever a declared field holds one, as `follow` has it. */
function followed(drawing: Drawing, kinds: Kinds, follow: Follow): Drawing {
  return {
    ...drawing,
    start: followedRow(kinds.start.fields, drawing.start, follow),
    steps: drawing.steps.map((step) => {
      const kind = kinds.of(step.value);
      const value = kind && isRow(step.value) ? followedRow(kind.fields, step.value, follow) : step.value;
      return value === step.value ? step : { ...step, value };
    }),
  };
}

function followedRow(fields: readonly Field[], row: Row, follow: Follow): Row {
  let next = row;
  for (const field of fields) {
    const held = row[field.name];
    let now: unknown = held;
    if (field.widget === "node" && typeof held === "string" && held) now = follow(held, field);
    else if (field.fields && Array.isArray(held)) {
      const rows = held.map((one) => (isRow(one) ? followedRow(field.fields ?? [], one, follow) : one));
      if (rows.some((one, number) => one !== held[number])) now = rows;
    }
    if (now !== held) next = { ...next, [field.name]: now };
  }
  return next;
}

/** One more way out, to `target`. Answers with its path. */
export function wayAdded(drawing: Drawing, kind: Kind, key: string, { way }: Addable, target: string): [Drawing, Path] {
  if (!way.row) return [put(drawing, key, [way.field], target), [way.field]];
  const value = valueOf(drawing, key);
  const rows = rowsOf(isRow(value) ? value[way.field] : []);
  const field = fieldOf(kind.fields, way.field);
  const taken = new Set(rows.map((row) => (isRow(row) ? text(row["name"]) : "")));
  const row = { ...freshRow(field?.fields ?? [], taken), [way.row]: target };
  return [put(drawing, key, [way.field], [...rows, row]), [way.field, rows.length, way.row]];
}

/** The way out at `path` leads nowhere any more. */
export function cut(drawing: Drawing, kind: Kind, key: string, path: Path): Drawing {
  const [first, , inner] = path;
  const field = fieldOf(kind.fields, String(first));
  const holds = inner === undefined ? field : fieldOf(field?.fields ?? [], String(inner));
  return put(drawing, key, path, holds?.optional ? null : "");
}

/** What a clipboard carries: steps with their places. */
export interface Piece {
  value: Row;
  x: number;
  y: number;
}

export function pieces(drawing: Drawing, keys: ReadonlySet<string>): Piece[] {
  return drawing.steps.flatMap((step) =>
    keys.has(step.key) && isRow(step.value) ? [{ value: step.value, x: step.x, y: step.y }] : [],
  );
}

/** Copies of these with ids of their own. Ways among them lead among the copies; ways to what is not here are open. */
export function pasted(drawing: Drawing, kinds: Kinds, copied: readonly Piece[], by: Point): [Drawing, Step[]] {
  const taken = new Set([...ids(drawing), START]);
  const known = ids(drawing);
  const called = new Map<string, string>();
  for (const piece of copied) {
    const old = text(piece.value["id"]);
    const id = free(/^[a-z][a-z0-9_]{0,39}$/.test(old) ? old : identifier(old, "step"), taken);
    taken.add(id);
    if (!called.has(old)) called.set(old, id);
  }
  const used = new Set<string>();
  const steps = copied.map((piece): Step => {
    const kind = kinds.of(piece.value);
    const old = text(piece.value["id"]);
    const own = called.get(old) ?? old;
    const id = used.has(own) ? free(own, new Set([...taken, ...used])) : own;
    used.add(id);
    const follow: Follow = (target, field) =>
      called.get(target) ?? (known.has(target) ? target : field.optional ? null : "");
    const value = kind ? followedRow(kind.fields, piece.value, follow) : piece.value;
    return { key: newKey(), value: { ...value, id }, x: piece.x + by.x, y: piece.y + by.y, placed: true };
  });
  return [{ ...drawing, steps: [...drawing.steps, ...steps] }, steps];
}
