// What the try panel and the server say to each other: agents/views/trying.py, agents/simulate/exchange.py.

export type Value = string | number | boolean | null;
export type Does = "opens" | "says" | "presses" | "silent";

export interface Source {
  document: string;
  heading: string;
  text: string;
  score: number;
}

export interface ToolLine {
  tool: string;
  by: string;
  arguments: Record<string, Value>;
  ok: boolean;
  status: number | null;
  text: string;
  variables: Record<string, Value>;
  sources: Source[];
  mocked: boolean;
  ms: number;
}

export interface Exchange {
  does: Does;
  text: string;
  reply: string;
  nodes: string[];
  at: string;
  changed: Record<string, Value>;
  variables: Record<string, Value>;
  tools: ToolLine[];
  notes: string[];
  handed_to: string;
  ended: boolean;
  outcome: string;
  fault: string;
  ms: number;
}

/** What the next turn goes on from; nothing in it concerns the page. */
export type Snapshot = Record<string, unknown>;

export interface Turned {
  exchange: Exchange;
  snapshot: Snapshot;
  revision: number;
}

export interface Mock {
  ok: boolean;
  text: string;
  variables: Record<string, Value>;
}

export interface Circumstances {
  variables: Record<string, Value>;
  mocks: Record<string, Mock>;
  now: string | null;
  real: boolean;
}

export interface Offer {
  revision: number;
  variables: { name: string; type: string; default: string; about: string }[];
  tools: { name: string; label: string; mocked: boolean }[];
  steps: Record<string, string>;
}

export function words(name: string): string {
  return name.replaceAll("_", " ");
}

export function shown(value: Value | undefined): string {
  if (value === null || value === undefined || value === "") return "empty";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}
