// A draft that saves itself as it is typed. Nothing typed is lost: one save at a time, tried again while the server is
// away, kept in this browser until it is saved. Markup: templates/agents/script.html.
//
//   form[data-draft="id"]            the form; its action takes the fields and answers {revision, state, body?, open?}
//   [data-draft-state]               how the draft stands; replaced with every answer
//   [data-draft-body]                the fields; replaced when rows came or went
//   [data-needs-saved]               a click waits until all is saved (so does “Talk to it”)
import { all, find, meta, on } from "./dom";
import { loaded, renameSteps, showProblems, type Told } from "./outline";

interface Answer {
  revision?: number;
  state?: string;
  badge?: string;
  body?: string;
  open?: string;
  problems?: Told[];
  renamed?: Record<string, string>;
}

const PAUSE_MS = 700;
const RETRY_MS = [2000, 4000, 8000, 15000];

/** A step keeps its name when its place changes; everything else is known by its place. */
function lastingName(details: HTMLElement): string {
  return details.dataset.step ? `step ${details.dataset.step}` : details.id;
}

class Draft {
  private dirty = false;
  private running: Promise<boolean> | null = null;
  private timer = 0;
  private failures = 0;
  private behind = false; // rows came or went while somebody typed: the next answer brings the form anew
  private readonly key: string;
  private readonly page = String(Math.random()).slice(2) + String(Date.now());

  constructor(private readonly form: HTMLFormElement) {
    this.key = `draft ${form.action}`;
    form.addEventListener("input", () => this.soon());
    form.addEventListener("change", () => this.soon(50));
    form.addEventListener("submit", (event) => this.submitted(event));
    window.addEventListener("beforeunload", (event) => {
      if (this.dirty) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && this.dirty) void this.save();
    });
    document.addEventListener("click", (event) => this.clicked(event), true);
    this.offerWhatWasLeft();
  }

  private soon(wait = PAUSE_MS): void {
    this.dirty = true;
    this.word("Not saved yet");
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), wait);
  }

  private submitted(event: SubmitEvent): void {
    event.preventDefault();
    const button = event.submitter;
    if (!(button instanceof HTMLButtonElement) || !button.name) {
      void this.save();
      return;
    }
    if (button.dataset.sure && this.holdsText(button) && !window.confirm(button.dataset.sure)) return;
    button.closest<HTMLDetailsElement>("details.menu")?.removeAttribute("open");
    void this.save({ [button.name]: button.value });
  }

  /** Whether a row that is about to go has anything in it. */
  private holdsText(button: HTMLElement): boolean {
    const row = button.closest("details");
    return !!row && all<HTMLTextAreaElement>("textarea", row).some((area) => area.value.trim());
  }

  private clicked(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : null;
    const force = target?.closest<HTMLElement>("[data-draft-force]");
    if (force) {
      event.preventDefault();
      void this.save({ force: force.dataset.draftForce ?? "" });
      return;
    }
    const waiting = target?.closest<HTMLElement>("[data-needs-saved], [data-talk-start]");
    if (!waiting || (!this.dirty && !this.running)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void this.save().then((saved) => saved && waiting.click());
  }

  /** Saves what is there now, after a save that runs. False when it could not. */
  private async save(extra: Record<string, string> = {}): Promise<boolean> {
    window.clearTimeout(this.timer);
    if (this.running) await this.running;
    if (!this.dirty && !Object.keys(extra).length) return true;
    this.running = this.send(extra);
    const saved = await this.running;
    this.running = null;
    return saved;
  }

  private async send(extra: Record<string, string>): Promise<boolean> {
    const data = new FormData(this.form);
    const again: Record<string, string> = this.behind ? { again: "1" } : {};
    for (const [name, value] of Object.entries({ ...again, ...extra, page: this.page })) data.set(name, value);
    this.dirty = false;
    this.word("Saving…");
    let response: Response;
    try {
      const headers = { Accept: "application/json", "X-CSRFToken": meta("csrf") };
      const body = new URLSearchParams([...data.entries()].map(([name, value]) => [name, String(value)]));
      response = await fetch(this.form.action, { method: "POST", headers, body, credentials: "same-origin" });
    } catch {
      this.failed(data, "Not saved: the server cannot be reached. Trying again…", true);
      return false;
    }
    const answer = (await response.json().catch(() => null)) as Answer | null;
    if (!answer?.state) {
      const again = response.status >= 500;
      this.failed(data, again ? "Not saved: the server has a problem. Trying again…" : "Not saved: sign in again in another tab, then change anything here.", again);
      return false;
    }
    this.show(answer);
    if (!response.ok) {
      this.dirty = true;
      this.keep(data);
      return false;
    }
    this.failures = 0;
    localStorage.removeItem(this.key);
    const now = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    if (!this.dirty) this.word(`Saved ${now}`);
    return true;
  }

  private failed(data: FormData, words: string, again: boolean): void {
    this.dirty = true;
    this.keep(data);
    this.word(words, "bad");
    if (again) this.timer = window.setTimeout(() => void this.save(), RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)]);
  }

  private show(answer: Answer): void {
    const state = find("[data-draft-state]", this.form);
    const wasOpen = !!find("details.problems[open]", this.form);
    if (state) state.innerHTML = answer.state ?? "";
    if (wasOpen) find("details.problems", this.form)?.setAttribute("open", "");
    const badge = find("[data-draft-badge]");
    if (badge && answer.badge) badge.innerHTML = answer.badge;
    if (answer.revision) document.dispatchEvent(new CustomEvent("voiceops:draft", { detail: { revision: answer.revision } }));
    const body = find("[data-draft-body]", this.form);
    if (answer.renamed && body) renameSteps(answer.renamed, body);
    if (answer.problems && body) showProblems(answer.problems, body);
    this.behind = !!answer.body && this.dirty;
    if (!answer.body || !body || this.dirty) return;
    const open = new Set(all("details[open][id]", body).map(lastingName));
    const sought = find<HTMLInputElement>("[data-find-step]", body)?.value ?? "";
    const focused = document.activeElement?.getAttribute("name");
    body.innerHTML = answer.body;
    for (const details of all("details[id]", body)) if (open.has(lastingName(details))) details.setAttribute("open", "");
    const search = find<HTMLInputElement>("[data-find-step]", body);
    if (search && sought) {
      search.value = sought;
      search.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (answer.open) this.reveal(answer.open, true);
    else if (focused) find<HTMLElement>(`[name="${CSS.escape(focused)}"]:not([type="hidden"])`, body)?.focus({ preventScroll: true });
  }

  /** Opens what hides a place, scrolls there and puts the cursor into it. */
  reveal(place: string, focus: boolean): void {
    const parts = place.split(".");
    let target: HTMLElement | null = null;
    while (parts.length && !target) {
      const name = parts.join(".");
      target = document.getElementById(name) ?? find(`[name="${CSS.escape(name)}"]`, this.form);
      parts.pop();
    }
    if (!target) return;
    const step = target.closest<HTMLDetailsElement>("details[data-step]");
    if (step && find("[data-loads]", step)) {
      void loaded(step).then((there) => there && this.reveal(place, focus));
      return;
    }
    for (let up: HTMLElement | null = target; up; up = up.parentElement) if (up instanceof HTMLDetailsElement) up.open = true;
    target.scrollIntoView({ block: "center" });
    const field = find<HTMLElement>(`[name="${CSS.escape(place)}"]`, this.form) ?? find<HTMLElement>("textarea, select, input:not([type='hidden'])", target);
    if (focus) field?.focus({ preventScroll: true });
  }

  private word(text: string, tone = ""): void {
    const place = find("[data-draft-word]", this.form);
    if (!place) return;
    place.textContent = text;
    place.className = tone ? `text-${tone}` : "";
  }

  // ── what could not be saved stays in this browser ─────────────────────────────────────────────
  private keep(data: FormData): void {
    const fields = [...data.entries()].filter(([name]) => name !== "csrfmiddlewaretoken");
    try {
      localStorage.setItem(this.key, JSON.stringify({ at: Date.now(), fields }));
    } catch {
      // A full or forbidden store: the page itself still holds the text.
    }
  }

  private offerWhatWasLeft(): void {
    const left = localStorage.getItem(this.key);
    const state = find("[data-draft-state]", this.form);
    if (!left || !state) return;
    const { at, fields } = JSON.parse(left) as { at: number; fields: [string, string][] };
    const template = find<HTMLTemplateElement>("template[data-draft-left]");
    if (!template) return;
    const note = template.content.cloneNode(true) as DocumentFragment;
    const word = find("[data-left-when]", note);
    if (word) word.textContent = new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    find("[data-left-save]", note)?.addEventListener("click", () => void this.saveLeft(fields));
    find("[data-left-drop]", note)?.addEventListener("click", () => {
      localStorage.removeItem(this.key);
      find(".draft-left")?.remove();
    });
    state.before(note);
  }

  private async saveLeft(fields: [string, string][]): Promise<void> {
    const revision = find<HTMLInputElement>('[name="revision"]', this.form)?.value ?? "";
    const body = new URLSearchParams([...fields.filter(([name]) => name !== "force"), ["force", revision]]);
    const headers = { Accept: "application/json", "X-CSRFToken": meta("csrf") };
    const response = await fetch(this.form.action, { method: "POST", headers, body, credentials: "same-origin" });
    if (!response.ok) return;
    localStorage.removeItem(this.key);
    this.dirty = false;
    location.reload();
  }
}

for (const form of all<HTMLFormElement>("form[data-draft]")) {
  const draft = new Draft(form);
  on("click", "[data-goto]", (link, event) => {
    event.preventDefault();
    draft.reveal(link.dataset.goto ?? "", true);
  });
}

/** A list that was sent with its chosen entry only gets the others when somebody is about to open it. */
function fill(select: Element | null): void {
  if (!(select instanceof HTMLSelectElement) || select.dataset.filled) return;
  const source = document.getElementById(select.dataset.fillFrom ?? "");
  if (!(source instanceof HTMLTemplateElement)) return;
  select.dataset.filled = "yes";
  const options = source.content.cloneNode(true) as DocumentFragment;
  for (const option of all<HTMLOptionElement>("option", options)) if (option.value === select.value) option.remove();
  select.append(options);
}
for (const kind of ["pointerdown", "focusin"] as const) on(kind, "select[data-fill-from]", (select) => fill(select));
