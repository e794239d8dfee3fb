// What people do on the canvas. One object that every view gets.
import { getViewportForBounds, type ReactFlowInstance } from "@xyflow/react";
import { createContext, useContext } from "react";
import type { Addable } from "./declared";
import { Kinds } from "./declared";
import { START, idOf, keysById } from "./drawing";
import type { Piece, Point } from "./editing";
import * as editing from "./editing";
import type { Card } from "./graph";
import { HEAD, WIDTH, WORDS, freeAt, sizeOf, tidied } from "./layout";
import type { LineEdge } from "../view/Line";
import type { Saving } from "./saving";
import type { Server } from "./server";
import type { Store } from "./store";
import type { Kind, Loaded, Offer, Path, Widget } from "./types";
import { isRow } from "./types";

/** How long the view takes to go somewhere; not at all for people who want no motion. */
export const quick = (ms = 150): number => (window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms);
const CLIPBOARD = "voiceops steps";
const READABLE = 0.7;

export class Editor {
  flow: ReactFlowInstance<Card, LineEdge> | null = null;
  saving: Saving | null = null;
  /** The step that the view is on its way to, beside the panel already. */
  private going = "";
  private copied = "";
  private pastes = 0;

  constructor(
    readonly store: Store,
    readonly kinds: Kinds,
    readonly server: Server,
    readonly mayBuild: boolean,
    private readonly offered: Loaded["offers"],
  ) {}

  offers(widget: Widget): readonly Offer[] {
    return this.offered[widget] ?? [];
  }

  /** A new step in the middle of what is seen, or at `at`. `from` is a way out that leads to it then. */
  add(kind: Kind, at?: Point, from?: { key: string; path: Path } | { key: string; way: Addable }): void {
    const { drawing } = this.store.state;
    if (!this.mayBuild || drawing.steps.length >= this.kinds.most) return;
    const wanted = at ?? this.middle();
    const places = new Map<string, Point>([[START, drawing.at], ...drawing.steps.map((step): [string, Point] => [step.key, step])]);
    const place = at ? wanted : freeAt(wanted, places, this.heights(), "");
    let key = "";
    this.store.edit((before) => {
      const [next, step] = editing.added(before, this.kinds, kind, place);
      key = step.key;
      if (!from) return next;
      if ("path" in from) return editing.put(next, from.key, from.path, idOf(step));
      return editing.wayAdded(next, this.kindOf(from.key) ?? kind, from.key, from.way, idOf(step))[0];
    });
    this.store.set({ chosen: new Set([key]), shown: { key, inside: "" } });
  }

  private heights(): Map<string, number> {
    const { drawing } = this.store.state;
    const all: [string, number][] = drawing.steps.map((step) => [step.key, sizeOf(this.kinds, this.kinds.of(step.value), step.value).height]);
    return new Map([[START, sizeOf(this.kinds, this.kinds.start, drawing.start).height], ...all]);
  }

  private middle(): Point {
    const pane = document.querySelector(".canvas-pane")?.getBoundingClientRect();
    if (!this.flow || !pane) return { x: 0, y: 0 };
    const seen = this.flow.screenToFlowPosition({ x: pane.x + pane.width / 2, y: pane.y + pane.height / 2 });
    return { x: Math.round(seen.x - WIDTH / 2), y: Math.round(seen.y - (HEAD + WORDS) / 2) };
  }

  kindOf(key: string): Kind | undefined {
    return key === START ? this.kinds.start : this.kinds.of(editing.valueOf(this.store.state.drawing, key));
  }

  put(key: string, path: Path, value: unknown): void {
    if (this.mayBuild) this.store.edit((drawing) => editing.put(drawing, key, path, value), `${key} ${path.join(".")}`);
  }

  rename(key: string, typed: string): void {
    if (this.mayBuild && typed.trim()) this.store.edit((drawing) => editing.renamed(drawing, this.kinds, key, typed));
  }

  /** The way out with this id leads to the step with this key. */
  connect(from: string, exit: string, to: string): void {
    const { drawing } = this.store.state;
    const step = drawing.steps.find((one) => one.key === to);
    if (!this.mayBuild || !step || !idOf(step)) return;
    this.store.edit((before) => editing.put(before, from, pathOf(exit), idOf(step)));
  }

  addWay(from: string, way: Addable, to: string): void {
    const kind = this.kindOf(from);
    const step = this.store.state.drawing.steps.find((one) => one.key === to);
    if (!this.mayBuild || !kind || !step) return;
    let path: Path = [];
    this.store.edit((before) => {
      const [next, added] = editing.wayAdded(before, kind, from, way, idOf(step));
      path = added;
      return next;
    });
    this.store.set({ chosen: new Set([from]), shown: { key: from, inside: path.slice(0, 2).join(".") } });
  }

  addable(key: string): Addable[] {
    const value = editing.valueOf(this.store.state.drawing, key);
    const kind = this.kindOf(key);
    return kind && isRow(value) ? this.kinds.addable(kind, value) : [];
  }

  cut(lines: readonly { source: string; exit: string }[]): void {
    if (!this.mayBuild || !lines.length) return;
    this.store.edit((before) =>
      lines.reduce((drawing, { source, exit }) => {
        const kind = this.kindOf(source);
        return kind ? editing.cut(drawing, kind, source, pathOf(exit)) : drawing;
      }, before),
    );
  }

  /** Lines that are chosen on the canvas lead nowhere then. False when none is. */
  cutChosenLines(): boolean {
    const lines = (this.flow?.getEdges() ?? []).filter((line) => line.selected);
    if (!lines.length || this.store.state.chosen.size) return false;
    this.cut(lines.map((line) => ({ source: line.source, exit: line.sourceHandle ?? "" })));
    return true;
  }

  remove(keys: ReadonlySet<string> = this.store.state.chosen): void {
    const gone = new Set([...keys].filter((key) => key !== START));
    if (this.mayBuild && gone.size) this.store.edit((drawing) => editing.removed(drawing, this.kinds, gone), "", new Set());
  }

  move(places: ReadonlyMap<string, Point>, stroke = ""): void {
    if (this.mayBuild && places.size) this.store.edit((drawing) => editing.moved(drawing, places), stroke);
  }

  nudge(x: number, y: number): void {
    const { drawing, chosen } = this.store.state;
    const places = new Map<string, Point>();
    if (chosen.has(START)) places.set(START, { x: drawing.at.x + x, y: drawing.at.y + y });
    for (const step of drawing.steps) if (chosen.has(step.key)) places.set(step.key, { x: step.x + x, y: step.y + y });
    this.move(places, "nudge");
  }

  tidy(): void {
    if (!this.mayBuild) return;
    this.store.edit((drawing) => tidied(drawing, this.kinds));
    window.setTimeout(() => this.fit(), 30);
  }

  fit(): void {
    void this.flow?.fitView({ padding: 0.08, maxZoom: 1, minZoom: 0.05, duration: quick() });
  }

  /** What is seen first: everything where that can be read, else the beginning. */
  begin(flow: ReactFlowInstance<Card, LineEdge>): void {
    this.flow = flow;
    const pane = document.querySelector(".canvas-pane")?.getBoundingClientRect();
    if (!pane) return;
    const bounds = flow.getNodesBounds(flow.getNodes());
    const seen = getViewportForBounds(bounds, pane.width, pane.height, 0.05, 1, 0.08);
    if (seen.zoom >= READABLE) return void flow.setViewport(seen);
    const { at } = this.store.state.drawing;
    const fits = bounds.height * READABLE < pane.height;
    const y = fits ? pane.height / 2 - (bounds.y + bounds.height / 2) * READABLE : pane.height / 3 - at.y * READABLE;
    void flow.setViewport({ x: 32 - at.x * READABLE, y, zoom: READABLE });
  }

  chooseAll(): void {
    this.store.choose([START, ...this.store.state.drawing.steps.map((step) => step.key)]);
  }

  // ── the clipboard ─────────────────────────────────────────────────────────────────────────────
  /** The chosen steps as text, for the system's clipboard; "" when nothing is chosen. */
  copy(): string {
    const found = editing.pieces(this.store.state.drawing, this.store.state.chosen);
    if (!found.length) return "";
    this.copied = JSON.stringify({ [CLIPBOARD]: found });
    this.pastes = 0;
    return this.copied;
  }

  /** False when the text holds no steps. */
  paste(typed: string): boolean {
    const found = read(typed) ?? read(this.copied);
    if (!this.mayBuild || !found?.length) return false;
    this.pastes += 1;
    this.insert(found, { x: 40 * this.pastes, y: 40 * this.pastes });
    return true;
  }

  duplicate(): void {
    if (this.mayBuild) this.insert(editing.pieces(this.store.state.drawing, this.store.state.chosen), { x: 40, y: 40 });
  }

  private insert(found: readonly Piece[], by: Point): void {
    const room = this.kinds.most - this.store.state.drawing.steps.length;
    if (!found.length || room <= 0) return;
    let keys: string[] = [];
    this.store.edit((drawing) => {
      const [next, steps] = editing.pasted(drawing, this.kinds, found.slice(0, room), by);
      keys = steps.map((step) => step.key);
      return next;
    });
    this.store.choose(keys);
  }

  // ── going somewhere ───────────────────────────────────────────────────────────────────────────
  /** Shows a step, and in its form the field at `inside`. */
  reveal(key: string, inside = ""): void {
    this.going = key;
    this.store.set({ chosen: new Set([key]), shown: { key, inside } });
    const { drawing } = this.store.state;
    const at = key === START ? drawing.at : drawing.steps.find((step) => step.key === key);
    if (!at || !this.flow) return;
    const zoom = Math.max(this.flow.getZoom(), 0.9);
    void this.flow.setCenter(at.x + WIDTH / 2 + 150 / zoom, at.y + 80, { zoom, duration: quick() });
  }

  /** The step is not hidden by the panel, `wide` pixels on the right. */
  showBeside(key: string, wide: number): void {
    const going = this.going;
    this.going = "";
    if (going === key) return;
    const { drawing } = this.store.state;
    const at = key === START ? drawing.at : drawing.steps.find((step) => step.key === key);
    const pane = document.querySelector(".canvas-pane")?.getBoundingClientRect();
    if (!at || !pane || !this.flow) return;
    const { x, y, zoom } = this.flow.getViewport();
    const over = x + (at.x + WIDTH) * zoom + 24 - (pane.width - wide);
    if (over > 0) void this.flow.setViewport({ x: x - over, y, zoom }, { duration: quick() });
  }

  /** Where a tried conversation stands is seen, without changing anything else. */
  follow(id: string): void {
    const { drawing } = this.store.state;
    const step = drawing.steps.find((one) => idOf(one) === id);
    const pane = document.querySelector(".canvas-pane")?.getBoundingClientRect();
    if (!step || !pane || !this.flow) return;
    const { x, y, zoom } = this.flow.getViewport();
    const [left, top] = [x + step.x * zoom, y + step.y * zoom];
    const seen = left >= 0 && top >= 0 && left + WIDTH * zoom <= pane.width && top + HEAD * zoom <= pane.height;
    if (!seen) void this.flow.setCenter(step.x + WIDTH / 2, step.y + HEAD, { zoom, duration: quick() });
  }

  revealId(id: string): void {
    const key = keysById(this.store.state.drawing).get(id);
    if (key) this.reveal(key);
  }
}

function read(typed: string): Piece[] | null {
  if (!typed.includes(CLIPBOARD)) return null;
  try {
    const found = (JSON.parse(typed) as Record<string, unknown>)[CLIPBOARD];
    if (!Array.isArray(found)) return null;
    return found.filter((piece): piece is Piece => isRow(piece) && isRow(piece["value"]) && typeof piece["x"] === "number" && typeof piece["y"] === "number");
  } catch {
    return null;
  }
}

export function pathOf(exit: string): Path {
  return exit.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = useContext(EditorContext);
  if (!editor) throw new Error("No canvas is open here.");
  return editor;
}
