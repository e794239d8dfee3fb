// The circumstances of a try: what the call brings along, the clock, and what tools answer.
import { make } from "./dom";
import type { Circumstances, Mock, Offer, Value } from "./try-messages";

export function untouched(): Circumstances {
  return { variables: {}, mocks: {}, now: null, real: false };
}

/** Fills the panel; `changed` is told whenever something in `chosen` is another. */
export function showSettings(place: HTMLElement, offer: Offer, chosen: Circumstances, mayUseReal: boolean, changed: () => void): void {
  place.replaceChildren();
  const fields = make("div", "fields");
  for (const variable of offer.variables) {
    const value = chosen.variables[variable.name];
    const input = labelled(fields, variable.about || variable.name.replaceAll("_", " "), "input", value === undefined ? "" : String(value ?? ""));
    input.placeholder = variable.default;
    input.addEventListener("change", () => {
      if (input.value.trim()) chosen.variables[variable.name] = input.value.trim();
      else delete chosen.variables[variable.name];
      changed();
    });
  }
  const known = new Set(offer.variables.map((variable) => variable.name));
  const others = Object.entries(chosen.variables).filter(([name]) => !known.has(name));
  const more = labelled(fields, "Other variables, one a line", "textarea", others.map(([name, value]) => `${name} = ${value ?? ""}`).join("\n"));
  more.placeholder = "name = Peter";
  more.addEventListener("change", () => {
    for (const name of Object.keys(chosen.variables)) if (!known.has(name)) delete chosen.variables[name];
    Object.assign(chosen.variables, pairs(more.value));
    changed();
  });
  const clock = labelled(fields, "Clock, as the client’s", "input", chosen.now ?? "");
  (clock as HTMLInputElement).type = "datetime-local";
  clock.addEventListener("change", () => {
    chosen.now = clock.value || null;
    changed();
  });
  for (const tool of offer.tools) fields.append(mockOf(tool, chosen, changed));
  if (mayUseReal && offer.tools.length) {
    const label = make("label", "check");
    const box = make("input");
    box.type = "checkbox";
    box.checked = chosen.real;
    box.addEventListener("change", () => {
      chosen.real = box.checked;
      changed();
    });
    label.append(box, make("span", "", "Use tools for real where no answer is given here: what they book is booked"));
    fields.append(label);
  }
  place.append(fields, make("p", "text-sm text-muted", "Variables and clock count from the next start over; what tools answer counts at once."));
}

function labelled(place: HTMLElement, text: string, tag: "input" | "textarea", value: string): HTMLInputElement | HTMLTextAreaElement {
  const field = make("div", "field");
  const label = make("label", "", text);
  const input = make(tag);
  input.value = value;
  label.append(input);
  field.append(label);
  place.append(field);
  return input;
}

function mockOf(tool: Offer["tools"][number], chosen: Circumstances, changed: () => void): HTMLElement {
  const box = make("fieldset", "try-mock");
  box.append(make("legend", "", tool.label));
  const how = make("select", "input");
  how.setAttribute("aria-label", `How ${tool.label} goes`);
  for (const [value, text] of [["", tool.mocked ? "answers with its own mock" : "has no answer yet"], ["works", "works and answers"], ["fails", "fails with"]] as const) {
    const option = make("option", "", text);
    option.value = value;
    how.append(option);
  }
  const mock = chosen.mocks[tool.name];
  how.value = mock ? (mock.ok ? "works" : "fails") : "";
  const text = make("textarea", "input");
  text.placeholder = "What it answers";
  text.setAttribute("aria-label", `What ${tool.label} answers`);
  text.value = mock?.text ?? "";
  const sets = make("textarea", "input");
  sets.placeholder = "free_at = 15:00";
  sets.setAttribute("aria-label", `Variables that ${tool.label} sets`);
  sets.value = Object.entries(mock?.variables ?? {}).map(([name, value]) => `${name} = ${value ?? ""}`).join("\n");
  const update = () => {
    text.hidden = sets.hidden = !how.value;
    if (how.value) chosen.mocks[tool.name] = { ok: how.value === "works", text: text.value, variables: pairs(sets.value) } satisfies Mock;
    else delete chosen.mocks[tool.name];
  };
  update();
  for (const element of [how, text, sets]) element.addEventListener("change", () => (update(), changed()));
  box.append(how, text, sets);
  return box;
}

function pairs(lines: string): Record<string, Value> {
  const found: Record<string, Value> = {};
  for (const line of lines.split("\n")) {
    const [name, ...rest] = line.split("=");
    const key = (name ?? "").trim().toLowerCase().replaceAll(" ", "_");
    if (/^[a-z][a-z0-9_]{0,39}$/.test(key)) found[key] = rest.join("=").trim();
  }
  return found;
}
