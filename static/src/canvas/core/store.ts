// What the page holds: the drawing with its history, what is chosen, what is wrong, how saving stands.
import { useSyncExternalStore } from "react";
import type { Drawing } from "./drawing";
import type { Problem } from "./types";

const MOST_UNDOS = 200;
const ONE_STROKE_MS = 1200;

/** A problem with the key of the step it lies in ("" for none of them), and its path inside that step. */
export interface Placed extends Problem {
  key: string;
  inside: string;
}

export interface Conflict {
  who: string;
  at: string;
  changes: string[];
  revision: number;
  theirs: Drawing;
}

export interface State {
  drawing: Drawing;
  chosen: ReadonlySet<string>;
  problems: readonly Placed[];
  /** How the draft stands, in words. */
  said: string;
  tone: "" | "bad" | "busy";
  conflict: Conflict | null;
  left: { at: number; drawing: Drawing } | null;
  /** The path of a conversation that is tried: ids of steps, in order. */
  lit: { nodes: readonly string[]; current: string };
  /** A field that is to be shown: the step's key and the path inside. */
  shown: { key: string; inside: string } | null;
  canUndo: boolean;
  canRedo: boolean;
}

type Listener = () => void;

export class Store {
  private past: Drawing[] = [];
  private future: Drawing[] = [];
  private stroke = { what: "", at: 0 };
  private readonly listeners = new Set<Listener>();
  /** Called after every change of the drawing. */
  changed: () => void = () => undefined;

  constructor(public state: State) {}

  readonly subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  set(part: Partial<State>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }

  /** One step of the history. Changes with the same `stroke` in quick succession are one (typing in one field). */
  edit(change: (drawing: Drawing) => Drawing, stroke = "", chosen?: ReadonlySet<string>): void {
    const before = this.state.drawing;
    const drawing = change(before);
    if (drawing === before) return;
    const now = Date.now();
    const joins = stroke !== "" && stroke === this.stroke.what && now - this.stroke.at < ONE_STROKE_MS;
    if (!joins) this.past = [...this.past.slice(1 - MOST_UNDOS), before];
    this.stroke = { what: stroke, at: now };
    this.future = [];
    this.show(drawing, chosen);
  }

  undo(): void {
    const before = this.past.pop();
    if (!before) return;
    this.future.push(this.state.drawing);
    this.stroke = { what: "", at: 0 };
    this.show(before);
  }

  redo(): void {
    const next = this.future.pop();
    if (!next) return;
    this.past.push(this.state.drawing);
    this.stroke = { what: "", at: 0 };
    this.show(next);
  }

  private show(drawing: Drawing, chosen?: ReadonlySet<string>): void {
    const keys = new Set(drawing.steps.map((step) => step.key));
    const kept = chosen ?? this.state.chosen;
    const still = [...kept].filter((key) => key === "start" || keys.has(key));
    this.set({
      drawing,
      chosen: still.length === kept.size ? kept : new Set(still),
      canUndo: this.past.length > 0,
      canRedo: this.future.length > 0,
    });
    this.changed();
  }

  choose(keys: Iterable<string>): void {
    const chosen = new Set(keys);
    const now = this.state.chosen;
    if (chosen.size === now.size && [...chosen].every((key) => now.has(key))) return;
    this.set({ chosen });
  }
}

/** A part of the state; the component is drawn again when that part is another one. */
export function useStore<T>(store: Store, select: (state: State) => T): T {
  return useSyncExternalStore(store.subscribe, () => select(store.state));
}
