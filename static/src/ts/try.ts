// "Try it" in writing: a conversation with the draft, one turn a request. The server keeps nothing: every turn brings
// the snapshot of the one before, so that going back is forgetting what came after. Markup: agents/parts/try.html.
import { all, find, icon, make, meta } from "./dom";
import { lightPath } from "./path";
import { pair, turnOf } from "./try-lines";
import { type Circumstances, type Does, type Exchange, type Offer, type Turned, shown, words } from "./try-messages";
import { showSettings, untouched } from "./try-settings";

interface Kept {
  turns: Turned[];
  chosen: Circumstances;
}

const MOST_TURNS = 60;

class Try {
  private turns: Turned[] = [];
  private chosen: Circumstances = untouched();
  private offer: Offer | null = null;
  private asked = 0; // which request is answered: what was started over answers into nothing
  private busy = false;
  private keys = false;
  private readonly key: string;

  constructor(private readonly root: HTMLElement) {
    this.key = `try ${root.dataset.tryAgent ?? ""}`;
    this.part("begin").addEventListener("click", () => void this.begin());
    this.part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    this.part("silent").addEventListener("click", () => void this.say("silent", ""));
    this.part("over").addEventListener("click", () => this.startOver());
    this.part("keys").addEventListener("click", () => this.showKeys(!this.keys));
    for (const key of all("[data-try-digit]", root)) key.addEventListener("click", () => this.press(key.dataset.tryDigit ?? ""));
    this.part("settings").addEventListener("click", () => this.toggleSettings());
    find("[data-try-save]", root)?.addEventListener("click", () => void this.keepAsTest());
    document.addEventListener("voiceops:draft", (event) => this.draftChanged((event as CustomEvent<{ revision: number }>).detail.revision));
    this.restore();
    void this.refresh();
  }

  private part<T extends HTMLElement = HTMLElement>(name: string): T {
    const element = find<T>(`[data-try-${name}]`, this.root);
    if (!element) throw new Error(`try.html has no data-try-${name}`);
    return element;
  }

  private get text(): HTMLInputElement {
    return this.part<HTMLInputElement>("text");
  }

  private get last(): Turned | undefined {
    return this.turns.at(-1);
  }

  // ── a turn ─────────────────────────────────────────────────────────────────────────────────────
  private async send(): Promise<void> {
    const text = this.text.value.trim();
    if (!text) return;
    if (await this.say(this.keys ? "presses" : "says", text)) this.showKeys(false);
  }

  private async begin(): Promise<boolean> {
    return this.say("opens", "");
  }

  /** Whether the agent answered. What was typed stays where it is until then. */
  private async say(does: Does, text: string): Promise<boolean> {
    if (this.busy || (does !== "opens" && this.last?.exchange.ended)) return false;
    if (does !== "opens" && !this.turns.length && !(await this.begin())) return false;
    if (this.last?.exchange.ended) return false;
    const mine = ++this.asked;
    this.show(true);
    const turned = await this.ask<Turned>(this.root.dataset.try ?? "", { does, text, resume: this.last?.snapshot ?? null, ...this.chosen });
    if (mine !== this.asked) return false;
    this.show(false);
    if (!turned) return false;
    this.turns.push(turned);
    find(".try-since", this.root)?.remove();
    if (does !== "opens") this.text.value = "";
    this.append(turned.exchange, this.turns.length - 1);
    this.afterwards();
    if (this.turns.length >= MOST_TURNS) this.tell("That is long enough for one try: start over.", "warn");
    this.text.focus({ preventScroll: true });
    return true;
  }

  private async ask<T>(address: string, body: unknown): Promise<T | null> {
    try {
      const headers = { "X-CSRFToken": meta("csrf"), "Content-Type": "application/json", Accept: "application/json" };
      const response = await fetch(address, { method: body ? "POST" : "GET", headers, body: body ? JSON.stringify(body) : null, credentials: "same-origin" });
      const answer = (await response.json().catch(() => ({}))) as T & { error?: string };
      if (response.ok) return answer;
      this.tell(answer.error ?? "The server could not do that. Reload the page and try again.", "bad");
    } catch {
      this.tell("The server cannot be reached. Check the connection, then try again.", "bad");
    }
    return null;
  }

  // ── going back ─────────────────────────────────────────────────────────────────────────────────
  private backTo(index: number): void {
    const turn = this.turns[index];
    if (!turn) return;
    this.asked++;
    this.show(false);
    this.turns = this.turns.slice(0, index);
    this.showKeys(turn.exchange.does === "presses");
    this.text.value = turn.exchange.text;
    this.redraw();
    this.text.focus();
    this.text.select();
  }

  private startOver(): void {
    this.asked++;
    this.show(false);
    this.turns = [];
    this.showKeys(false);
    this.tell("");
    this.redraw();
    this.text.focus();
  }

  // ── what is shown ──────────────────────────────────────────────────────────────────────────────
  private redraw(): void {
    for (const old of all(".try-turn, .try-since", this.part("lines"))) old.remove();
    this.turns.forEach((turn, index) => this.append(turn.exchange, index));
    this.afterwards();
  }

  private append(exchange: Exchange, index: number): void {
    const lines = this.part("lines");
    lines.append(turnOf(exchange, this.offer, () => this.backTo(index)));
    lines.scrollTop = lines.scrollHeight;
  }

  private afterwards(): void {
    const last = this.last?.exchange;
    this.part("hint").hidden = this.turns.length > 0;
    this.part<HTMLButtonElement>("over").disabled = !this.turns.length;
    const save = find<HTMLButtonElement>("[data-try-save]", this.root);
    if (save) save.disabled = this.turns.length < 2;
    if (last?.ended) this.tell("The conversation is over. Go back to a turn, or start over.");
    else this.tell("");
    this.known(last);
    lightPath(this.turns.flatMap((turn) => turn.exchange.nodes), last?.at ?? "");
    this.keep();
  }

  private known(last: Exchange | undefined): void {
    const values = Object.entries(last?.variables ?? {}).filter(([, value]) => value !== null && value !== "");
    this.part("known").hidden = !values.length;
    this.part("known-word").textContent = `Variables, ${values.length}`;
    const list = this.part("values");
    list.replaceChildren();
    for (const [name, value] of values) pair(list, words(name), shown(value), name in (last?.changed ?? {}));
  }

  private show(busy: boolean): void {
    this.busy = busy;
    this.root.setAttribute("aria-busy", String(busy));
    find(".line.speaking", this.root)?.remove();
    if (busy) {
      this.tell("");
      const line = make("p", "line agent speaking", "…");
      line.setAttribute("aria-label", "The agent is answering");
      this.part("lines").append(line);
      this.part("lines").scrollTop = this.part("lines").scrollHeight;
    }
    for (const button of all<HTMLButtonElement>("[data-try-form] button:not([data-try-save]), [data-try-begin]", this.root)) button.disabled = busy;
  }

  private tell(text: string, tone: "" | "warn" | "bad" | "good" = ""): HTMLElement {
    const place = this.part("say");
    place.textContent = text;
    place.className = `talk-say ${tone}`;
    place.hidden = !text;
    return place;
  }

  // ── the draft ──────────────────────────────────────────────────────────────────────────────────
  private async refresh(): Promise<void> {
    const offer = await this.ask<Offer>(this.root.dataset.try ?? "", null);
    if (!offer) return;
    this.offer = offer;
    if (this.turns.length) this.redraw();
    this.draftChanged(offer.revision);
    if (!this.part("panel").hidden) this.showPanel();
  }

  /** The next words are answered by another draft than the last: that is said where it happened. */
  private draftChanged(revision: number): void {
    const stale = this.turns.length > 0 && this.last?.revision !== revision;
    const lines = this.part("lines");
    find(".try-since", lines)?.remove();
    if (stale) {
      lines.append(make("p", "event try-since", "The draft changed since. It answers as it is now from here on."));
      lines.scrollTop = lines.scrollHeight;
    }
  }

  private toggleSettings(): void {
    const panel = this.part("panel");
    panel.hidden = !panel.hidden;
    this.part("settings").setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) void this.refresh();
  }

  private showPanel(): void {
    if (!this.offer) return;
    showSettings(this.part("panel"), this.offer, this.chosen, "tryKeep" in this.root.dataset, () => this.keep());
  }

  // ── keys ───────────────────────────────────────────────────────────────────────────────────────
  private showKeys(keys: boolean): void {
    if (keys !== this.keys) this.text.value = "";
    this.keys = keys;
    this.part("keypad").hidden = !keys;
    this.part("keys").setAttribute("aria-expanded", String(keys));
    this.text.placeholder = keys ? "Keys the caller presses" : "What the caller says";
  }

  private press(digit: string): void {
    this.text.value += digit;
    this.text.focus();
  }

  // ── a test ─────────────────────────────────────────────────────────────────────────────────────
  private async keepAsTest(): Promise<void> {
    const { variables, mocks, now } = this.chosen;
    const conversation = this.turns.map((turn) => turn.exchange);
    const saved = await this.ask<{ name: string; url: string }>(this.root.dataset.tryKeep ?? "", { conversation, variables, mocks, now });
    if (!saved) return;
    const place = this.tell("Saved as a test: ", "good");
    const link = make("a", "link", saved.name);
    link.href = saved.url;
    place.prepend(icon("circle-check"));
    place.append(link);
  }

  // ── across reloads ─────────────────────────────────────────────────────────────────────────────
  private keep(): void {
    try {
      sessionStorage.setItem(this.key, JSON.stringify({ turns: this.turns, chosen: this.chosen } satisfies Kept));
    } catch {
      sessionStorage.removeItem(this.key); // a full store: the conversation lasts as long as the page
    }
  }

  private restore(): void {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "null") as Kept | null;
      if (!kept) return;
      this.turns = kept.turns;
      this.chosen = { ...untouched(), ...kept.chosen };
    } catch {
      sessionStorage.removeItem(this.key);
    }
    if (this.turns.length) this.redraw();
  }

  /** The flow shows the way of this conversation again. */
  light(): void {
    lightPath(this.turns.flatMap((turn) => turn.exchange.nodes), this.last?.exchange.at ?? "");
  }
}

const TAB = "try tab";

function startTabs(attempt: Try): void {
  const show = (which: string) => {
    for (const tab of all("[data-try-tab]")) {
      const chosen = tab.dataset.tryTab === which;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !chosen;
    }
    localStorage.setItem(TAB, which);
    if (which === "text") attempt.light();
  };
  for (const tab of all("[data-try-tab]")) {
    tab.addEventListener("click", () => show(tab.dataset.tryTab ?? "text"));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = all("[data-try-tab]").find((one) => one !== tab);
      other?.click();
      other?.focus();
    });
  }
  if (localStorage.getItem(TAB) === "voice") show("voice");
}

export function startTrying(): void {
  const root = find("[data-try]");
  if (root) startTabs(new Try(root));
}
