// The outline of a flow: steps bring their fields when they are opened, can be searched and folded, show what is wrong with
// them after every save, and light up while a call goes through them. Markup: templates/agents/parts/step.html.
//
//   details[data-step="id"]          a step; [data-loads] in it is where its fields come from
//   [data-at="flow.nodes.2.text"]    a field; [data-problems] in it holds what is wrong with it
//   voiceops:path                    on the document, {nodes, current}: the steps a call went through, and where it is
import { all, find, icon, make, on } from "./dom";

export interface Told {
  at: string;
  sentence: string;
  blocking: boolean;
}

interface WayOfACall {
  nodes: string[];
  current: string;
}

const waiting = new WeakMap<Element, Promise<boolean>>();

/** Opens a step and brings its fields. False when they did not come. */
export function loaded(step: HTMLDetailsElement): Promise<boolean> {
  step.open = true;
  const body = find("[data-loads]", step);
  if (!body) return Promise.resolve(true);
  const before = waiting.get(body);
  if (before) return before;
  const coming = bring(body);
  waiting.set(body, coming);
  return coming;
}

async function bring(body: HTMLElement): Promise<boolean> {
  try {
    await window.htmx.ajax("GET", body.dataset.loads ?? "", { source: body, target: body, swap: "innerHTML" });
  } catch {
    waiting.delete(body);
    return false;
  }
  const came = !!find("[data-step-id]", body);
  if (came) delete body.dataset.loads;
  else {
    waiting.delete(body);
    body.replaceChildren(make("p", "text-muted text-sm", "This step did not load. Close and open it again, or load the page again."));
  }
  return came;
}

/** Steps that have another name now: hidden ids, lists of steps, and what the page calls them by. */
export function renameSteps(renamed: Record<string, string>, body: HTMLElement): void {
  for (const [old, now] of Object.entries(renamed)) {
    const title = (now.charAt(0).toUpperCase() + now.slice(1)).replaceAll("_", " ");
    for (const step of all<HTMLElement>(`details[data-step="${CSS.escape(old)}"]`, body)) {
      step.dataset.step = now;
      const hidden = find<HTMLInputElement>("[data-step-id]", step);
      if (hidden) hidden.value = now;
      const waits = find("[data-loads]", step);
      if (waits) waits.dataset.loads = (waits.dataset.loads ?? "").replace(/id=.*/, `id=${encodeURIComponent(now)}`);
    }
    const template = find<HTMLTemplateElement>("#goto-options", body);
    for (const place of template ? [body, template.content] : [body])
      for (const option of all<HTMLOptionElement>(`option[value="${CSS.escape(old)}"]`, place)) {
        if (option.closest("datalist")) continue;
        option.value = now;
        option.textContent = title;
      }
  }
}

/** What is wrong, beside the fields that are on the page, and as marks on what is folded. */
export function showProblems(problems: Told[], body: HTMLElement): void {
  const places = new Map(all("[data-at]", body).map((place) => [place.dataset.at ?? "", place]));
  const lines = new Map<Element, HTMLElement[]>();
  const marked = new Map<string, string[]>();
  for (const told of problems) {
    const parts = told.at.split(".");
    for (let length = parts.length; length > 0; length--) {
      const name = parts.slice(0, length).join(".");
      marked.set(name, [...(marked.get(name) ?? []), told.sentence]);
    }
    while (parts.length && !places.has(parts.join("."))) parts.pop();
    const room = find("[data-problems]", places.get(parts.join(".")) ?? make("div"));
    if (room) lines.set(room, [...(lines.get(room) ?? []), line(told)]);
  }
  for (const room of all("[data-problems]", body)) {
    const found = lines.get(room) ?? [];
    if (found.length || room.childElementCount) room.replaceChildren(...found);
  }
  for (const place of all("[data-marks]", body)) {
    const sentences = marked.get(place.dataset.marks ?? "") ?? [];
    place.replaceChildren(...(sentences.length ? [mark(sentences)] : []));
  }
}

function line(told: Told): HTMLElement {
  const made = make("p", `problem ${told.blocking ? "bad" : "warn"}`);
  made.append(told.blocking ? icon("circle-x") : icon("lightbulb"), make("span", "", told.sentence));
  return made;
}

function mark(sentences: string[]): HTMLElement {
  const made = make("span", "marks");
  made.title = sentences.join(" ");
  made.append(icon("triangle-alert"), make("span", "sr-only", "Something to mend here"));
  return made;
}

document.addEventListener(
  "toggle",
  (event) => {
    const step = event.target;
    if (step instanceof HTMLDetailsElement && step.open && step.dataset.step !== undefined) void loaded(step);
  },
  true,
);

on("input", "[data-names-step]", (input) => {
  const place = find("[data-step-title]", input.closest("details[data-step]") ?? document);
  if (place && input instanceof HTMLInputElement && input.value.trim()) place.textContent = input.value;
});

/** Fields that are for one kind of answer only: [data-only] in the row whose list of kinds ends in “.type”. */
on("change", "select[name$='.type']", (select) => {
  const row = select.closest(".field-grid");
  if (!row || !(select instanceof HTMLSelectElement)) return;
  for (const field of all("[data-only]", row)) {
    const holds = find<HTMLInputElement | HTMLTextAreaElement>("input, textarea", field)?.value.trim();
    field.hidden = field.dataset.only !== select.value && !holds;
  }
});

on("input", "[data-find-step]", (input) => {
  const words = input instanceof HTMLInputElement ? input.value.trim().toLowerCase().split(/\s+/) : [];
  let shown = 0;
  for (const step of all("details[data-step]")) {
    const text = `${find("summary", step)?.textContent ?? ""} ${step.dataset.searched ?? ""}`.toLowerCase();
    step.hidden = !words.every((word) => text.includes(word));
    shown += step.hidden ? 0 : 1;
  }
  const none = find("[data-no-step]");
  if (none) none.hidden = shown > 0;
});
on("keydown", "[data-find-step]", (input, event) => {
  if (event.key === "Enter") {
    event.preventDefault();
    const first = all<HTMLDetailsElement>("details[data-step]").find((step) => !step.hidden);
    if (first) void loaded(first).then(() => first.scrollIntoView({ block: "start" }));
  } else if (event.key === "Escape" && input instanceof HTMLInputElement && input.value) {
    event.stopPropagation();
    input.value = "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
const MOST_UNFOLDED = 40;
on("click", "[data-fold-steps]", () => {
  const open = all<HTMLDetailsElement>("details[data-step][open]");
  for (const step of open) step.open = false;
  if (open.length) return;
  const shown = all<HTMLDetailsElement>("details[data-step]").filter((step) => !step.hidden);
  for (const step of shown.slice(0, MOST_UNFOLDED)) step.open = true;
});

document.addEventListener("voiceops:path", (event) => {
  if (!(event instanceof CustomEvent)) return;
  const { nodes, current } = event.detail as WayOfACall;
  const gone = new Set(nodes);
  for (const step of all("details[data-step]")) {
    const id = step.dataset.step ?? "";
    step.classList.toggle("on-path", gone.has(id));
    step.classList.toggle("is-current", id === current);
    if (id === current) step.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
});
