// Saves the drawing while it is drawn, and checks it. Nothing is lost: one save at a time, tried again while the server
// is away, kept in this browser until it is saved; when somebody else was faster, people decide.
import { find } from "../../ts/dom";
import type { Kinds } from "./declared";
import type { Drawing } from "./drawing";
import { closed, idOf, opened } from "./drawing";
import { laidOut } from "./layout";
import { placed } from "./problems";
import type { Refused, Saved, Server, Theirs } from "./server";
import type { Store } from "./store";
import type { Draft, Problem } from "./types";
import { isRow } from "./types";

const PAUSE_MS = 700;
const RETRY_MS = [2000, 4000, 8000, 15000];

export class Saving {
  private dirty = false;
  private running: Promise<boolean> | null = null;
  private timer = 0;
  private failures = 0;
  /** Ids of steps by key, and the drawing, as the server has them. */
  private names: Map<string, string>;
  private base: Draft;
  private readonly kept: string;
  private readonly aside: string;
  private readonly page = String(Math.random()).slice(2) + String(Date.now());

  constructor(
    private readonly store: Store,
    private readonly server: Server,
    private readonly kinds: Kinds,
    private revision: number,
  ) {
    this.kept = `canvas ${location.pathname}`;
    this.aside = `${this.kept} left`;
    this.base = closed(store.state.drawing);
    this.names = names(store.state.drawing);
    this.offerWhatWasLeft();
    store.changed = () => this.soon();
    window.addEventListener("beforeunload", (event) => {
      if (!this.dirty) return;
      this.keep(closed(this.store.state.drawing));
      event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && this.dirty) void this.save({}, true);
    });
    document.addEventListener("click", (event) => this.clicked(event), true);
  }

  private soon(): void {
    this.dirty = true;
    window.clearTimeout(this.timer);
    if (!this.store.state.conflict) this.timer = window.setTimeout(() => void this.save(), PAUSE_MS);
  }

  /** What needs the saved draft (“Publish”, “Talk to it”, the other tabs) waits for it. */
  private clicked(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : null;
    const waiting = target?.closest<HTMLElement>("[data-needs-saved], [data-talk-start], .tabs a");
    if (!waiting || (!this.dirty && !this.running)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void this.save().then((saved) => saved && waiting.click());
  }

  /** Saves what is there now, after a save that runs. False when it could not. */
  async save(extra: { force?: number } = {}, leaving = false): Promise<boolean> {
    window.clearTimeout(this.timer);
    if (this.running) await this.running;
    if (!this.dirty && extra.force === undefined) return true;
    this.running = this.send(extra, leaving);
    const saved = await this.running;
    this.running = null;
    return saved;
  }

  private async send(extra: { force?: number }, leaving: boolean): Promise<boolean> {
    const drawing = this.store.state.drawing;
    const draft = closed(drawing);
    const now = names(drawing);
    const renamed = Object.fromEntries([...this.names].filter(([key, id]) => now.has(key) && now.get(key) !== id).map(([key, id]) => [id, now.get(key)]));
    this.dirty = false;
    this.say("Saving…", "busy");
    const answer = await this.server.save({ ...draft, renamed, revision: this.revision, page: this.page, ...extra }, leaving);
    if (answer.status === 409) {
      this.dirty = true;
      this.keep(draft);
      await this.conflict();
      return false;
    }
    if (!answer.ok || !answer.body || "error" in answer.body) {
      this.dirty = true;
      this.keep(draft);
      this.failed(answer.status, answer.body as Refused | null);
      return false;
    }
    this.saved(answer.body, drawing, draft, now);
    return true;
  }

  private saved(answer: Saved, drawing: Drawing, draft: Draft, now: Map<string, string>): void {
    this.revision = answer.revision;
    document.dispatchEvent(new CustomEvent("voiceops:draft", { detail: { revision: answer.revision } }));
    this.base = draft;
    this.names = now;
    this.failures = 0;
    localStorage.removeItem(this.kept);
    const badge = find("[data-draft-badge]");
    if (badge) badge.innerHTML = answer.badge;
    if (this.store.state.drawing === drawing) this.show(answer.problems, drawing);
    document.dispatchEvent(new CustomEvent("voiceops:draft", { detail: { revision: answer.revision } }));
    const at = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    if (!this.dirty) this.say(`Saved ${at}`, "");
  }

  private failed(status: number, body: Refused | null): void {
    const again = status === 0 || status >= 500;
    if (body?.error) this.say(`Not saved: ${body.error}`, "bad");
    else if (status === 0) this.say("Not saved: the server cannot be reached. Trying again…", "bad");
    else if (again) this.say("Not saved: the server has a problem. Trying again…", "bad");
    else this.say("Not saved: sign in again in another tab, then change anything here.", "bad");
    if (again) this.timer = window.setTimeout(() => void this.save(), RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)]);
  }

  private show(problems: Problem[], drawing: Drawing): void {
    this.store.set({ problems: placed(problems, drawing) });
  }

  private say(said: string, tone: "" | "bad" | "busy"): void {
    this.store.set({ said, tone });
  }

  // ── somebody else was faster ──────────────────────────────────────────────────────────────────
  private async conflict(): Promise<void> {
    this.say("Not saved: somebody else changed this draft.", "bad");
    const answer = await this.server.compare(this.base);
    if (!answer.ok || !answer.body || "error" in answer.body) return this.failed(answer.status, answer.body as Refused | null);
    const found = answer.body as Theirs;
    this.store.set({
      conflict: { who: found.who, at: found.at ?? "", changes: found.changes, revision: found.revision, theirs: opened(found.draft) },
    });
  }

  keepMine(): void {
    const conflict = this.store.state.conflict;
    if (!conflict) return;
    this.store.set({ conflict: null });
    void this.save({ force: conflict.revision });
  }

  /** Theirs is drawn and saved already; mine is one “undo” away. */
  takeTheirs(): void {
    const conflict = this.store.state.conflict;
    if (!conflict) return;
    this.revision = conflict.revision;
    const theirs = laidOut(conflict.theirs, this.kinds);
    this.base = closed(theirs);
    this.names = names(theirs);
    this.store.set({ conflict: null });
    this.store.edit(() => theirs, "", new Set());
    window.clearTimeout(this.timer);
    this.dirty = false;
    localStorage.removeItem(this.kept);
    this.say("This is theirs. “Undo” brings back yours.", "");
  }

  // ── what could not be saved stays in this browser ─────────────────────────────────────────────
  private keep(draft: Draft): void {
    try {
      localStorage.setItem(this.kept, JSON.stringify({ at: Date.now(), draft }));
    } catch {
      // A full or forbidden store: the page itself still holds the drawing.
    }
  }

  /** What an earlier page left moves aside, so that nothing saved or kept from here on touches it. What was saved after
   * all, in the page's last moment, is not offered. */
  private offerWhatWasLeft(): void {
    const now = localStorage.getItem(this.kept);
    if (now) {
      localStorage.setItem(this.aside, now);
      localStorage.removeItem(this.kept);
    }
    const left = localStorage.getItem(this.aside);
    if (!left) return;
    const { at, draft } = JSON.parse(left) as { at: number; draft: Draft };
    if (same(draft.flow, this.base.flow)) return this.dropLeft();
    this.store.set({ left: { at, drawing: opened(draft) } });
  }

  useLeft(): void {
    const left = this.store.state.left;
    if (!left) return;
    this.dropLeft();
    this.store.edit(() => laidOut(left.drawing, this.kinds), "", new Set());
  }

  dropLeft(): void {
    localStorage.removeItem(this.aside);
    this.store.set({ left: null });
  }
}

/** Whether two values hold the same, in whatever order their fields stand. */
function same(one: unknown, other: unknown): boolean {
  if (isRow(one) && isRow(other)) {
    const keys = Object.keys(one);
    return keys.length === Object.keys(other).length && keys.every((key) => same(one[key], other[key]));
  }
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((entry, number) => same(entry, other[number]));
  return one === other;
}

function names(drawing: Drawing): Map<string, string> {
  return new Map(drawing.steps.map((step) => [step.key, idOf(step)]));
}
