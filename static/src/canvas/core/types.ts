// What the server says. Kinds of steps and their fields are declared there (media_worker/contract/flow) and nowhere here.

export type Row = Readonly<Record<string, unknown>>;
export type Path = readonly (string | number)[];

export type Widget =
  | "line" | "lines" | "prose" | "prompt" | "expression" | "node" | "variable" | "tool" | "clip" | "agent" | "phone"
  | "switch" | "number" | "choice" | "rows" | "turns" | "pairs" | "bases" | "group";

export interface Field {
  name: string;
  title: string;
  widget: Widget;
  type: string;
  needed: boolean;
  /** What it holds in a step, or a row, that was added just now. */
  fresh: unknown;
  help?: string;
  template?: boolean;
  advanced?: boolean;
  optional?: boolean;
  /** The words for one more row. */
  rows?: string;
  fields?: Field[];
  choices?: [unknown, string][];
  pattern?: string;
  longest?: number;
  most?: number;
  least?: number;
  lowest?: number;
  highest?: number;
}

/** A way out: `field` names a step, or `row` does in each row of `field`. */
export interface Way {
  field: string;
  row: string;
  label: string;
  parts: string[];
  how: How;
}

export type How = "always" | "expression" | "intent" | "decision" | "failure";

export interface Kind {
  type: string;
  label: string;
  icon: string;
  text: string;
  group: string;
  listens: boolean;
  fields: Field[];
  ways: Way[];
}

export interface Declared {
  start: Kind;
  kinds: Kind[];
  most: number;
}

export interface Problem {
  place: string;
  sentence: string;
  path: (string | number)[];
  blocking: boolean;
  /** The tab where it is mended, when that is not the flow. */
  url: string;
}

export interface Offer {
  value: string;
  text: string;
}

export interface Draft {
  flow: unknown;
  layout: unknown;
}

export interface Loaded {
  declared: Declared;
  offers: Partial<Record<Widget, Offer[]>>;
  draft: Draft;
  revision: number;
  may_build: boolean;
  problems: Problem[];
}

export function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : value === null || value === undefined ? "" : String(value);
}

export function rowsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
