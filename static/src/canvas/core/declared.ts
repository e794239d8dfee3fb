// Reading steps by their declaration: ways out, first words, variables, what a new one holds.
import { NAME, free, identifier } from "./names";
import type { Declared, Field, How, Kind, Path, Row, Way } from "./types";
import { isRow, rowsOf, text } from "./types";

/** A way out of a step. `target` is the id it names, "" when it is open. */
export interface Exit {
  id: string;
  path: Path;
  label: string;
  how: How;
  target: string;
}

/** A way out that can be added: an empty field, or one more row. */
export interface Addable {
  way: Way;
  label: string;
}

export class Kinds {
  readonly start: Kind;
  readonly all: Kind[];
  readonly most: number;
  private readonly byType: Map<string, Kind>;
  private readonly exitsKept = new WeakMap<Row, Exit[]>();
  private readonly wordsKept = new WeakMap<Row, string>();

  constructor(declared: Declared) {
    this.start = declared.start;
    this.all = declared.kinds;
    this.most = declared.most;
    this.byType = new Map(declared.kinds.map((kind) => [kind.type, kind]));
  }

  of(value: unknown): Kind | undefined {
    return isRow(value) ? this.byType.get(text(value["type"])) : undefined;
  }

  named(type: string): Kind | undefined {
    return this.byType.get(type);
  }

  /** The ways out that a card shows: those that lead somewhere, and those that have to. */
  exits(kind: Kind, value: Row): Exit[] {
    const kept = this.exitsKept.get(value);
    if (kept) return kept;
    const found = kind.ways.flatMap((way) => exitsOf(way, kind, value));
    this.exitsKept.set(value, found);
    return found;
  }

  addable(kind: Kind, value: Row): Addable[] {
    return kind.ways.flatMap((way) => {
      const field = fieldOf(kind.fields, way.field);
      if (!field) return [];
      if (!way.row) return text(value[way.field]) || field.needed ? [] : [{ way, label: field.title.replace(/,? go to$/i, "") }];
      return rowsOf(value[way.field]).length < (field.most ?? Infinity) ? [{ way, label: field.rows ?? field.title }] : [];
    });
  }

  /** The first words of a step, for its card. */
  words(kind: Kind, value: Row): string {
    const kept = this.wordsKept.get(value);
    if (kept !== undefined) return kept;
    const found = firstWords(kind.fields, value).slice(0, 160);
    this.wordsKept.set(value, found);
    return found;
  }

  fresh(kind: Kind, id: string): Row {
    return { id, type: kind.type, ...freshRow(kind.fields, new Set()) };
  }
}

export function fieldOf(fields: readonly Field[], name: string): Field | undefined {
  return fields.find((field) => field.name === name);
}

function exitsOf(way: Way, kind: Kind, value: Row): Exit[] {
  const field = fieldOf(kind.fields, way.field);
  if (!way.row) {
    const target = text(value[way.field]);
    if (!target && !field?.needed) return [];
    return [{ id: way.field, path: [way.field], label: way.label || "then", how: way.how, target }];
  }
  const inner = fieldOf(field?.fields ?? [], way.row);
  return rowsOf(value[way.field]).flatMap((row, number) => {
    const target = isRow(row) ? text(row[way.row]) : "";
    if (!isRow(row) || (!target && !inner?.needed)) return [];
    const label = way.parts.map((part) => text(row[part])).filter(Boolean).join(": ");
    const path = [way.field, number, way.row];
    return [{ id: path.join("."), path, label: label || "…", how: way.how, target }];
  });
}

const SPOKEN = new Set(["prose", "prompt", "phone", "tool", "agent", "expression"]);

function firstWords(fields: readonly Field[], value: Row): string {
  for (const field of fields) {
    const held = value[field.name];
    if (SPOKEN.has(field.widget) || (field.widget === "line" && field.template)) {
      if (typeof held === "string" && held.trim()) return held.trim();
    } else if (field.widget === "rows" && field.needed) {
      const first = rowsOf(held).find(isRow);
      const found = first ? firstWords(field.fields ?? [], first) : "";
      if (found) return found;
    }
  }
  return "";
}

/** A new row of these fields; its name is free among `taken`. */
export function freshRow(fields: readonly Field[], taken: ReadonlySet<string>): Row {
  const row: Record<string, unknown> = {};
  for (const field of fields) {
    row[field.name] = field.fresh;
    if (field.needed && field.pattern === NAME && field.widget === "line") {
      row[field.name] = free(identifier(field.title, "entry"), taken);
    }
  }
  return row;
}

/** Every variable that a step, or the start, keeps. */
export function variablesOf(fields: readonly Field[], value: Row, found: Set<string>): void {
  for (const field of fields) {
    const held = value[field.name];
    if (field.widget === "variable" && typeof held === "string" && held) found.add(held);
    else if (field.fields) {
      for (const row of Array.isArray(held) ? held : [held]) if (isRow(row)) variablesOf(field.fields, row, found);
    }
  }
}
