// The conversation in the try panel: what was said, and under each answer what happened on the way to it.
import { icon, make } from "./dom";
import { type Exchange, type Offer, type ToolLine, shown, words } from "./try-messages";

/** One turn. `back` is told when somebody wants to go back to before it. */
export function turnOf(exchange: Exchange, offer: Offer | null, back: () => void): HTMLElement {
  const turn = make("div", "try-turn");
  if (exchange.does !== "opens") turn.append(caller(exchange, back));
  if (exchange.reply) turn.append(make("p", "line agent", exchange.reply));
  const trace = traceOf(exchange, offer);
  if (trace.childElementCount) turn.append(trace);
  if (exchange.fault) turn.append(note(exchange.fault, "bad"));
  if (exchange.ended) turn.append(make("p", "event", `The agent hung up${exchange.outcome ? `: ${words(exchange.outcome)}` : ""}`));
  return turn;
}

function caller(exchange: Exchange, back: () => void): HTMLElement {
  const row = make("div", "try-caller");
  const button = make("button", "try-back", "Back to here");
  button.type = "button";
  button.title = "Go back to before this and say something else";
  button.prepend(icon("undo-2"));
  button.addEventListener("click", back);
  const said = exchange.does === "says" ? exchange.text : exchange.does === "presses" ? `Presses ${exchange.text}` : "Says nothing";
  row.append(button, make("p", `line user${exchange.does === "says" ? "" : " did"}`, said));
  return row;
}

function traceOf(exchange: Exchange, offer: Offer | null): HTMLElement {
  const trace = make("div", "try-trace");
  if (exchange.nodes.length) {
    const path = make("p", "try-path");
    path.title = "Steps passed";
    for (const node of exchange.nodes) path.append(make("span", "", offer?.steps[node] ?? words(node)));
    trace.append(path);
  }
  const changed = Object.entries(exchange.changed).filter(([, value]) => value !== null && value !== "");
  if (changed.length) {
    const values = make("p", "try-changed");
    for (const [name, value] of changed) {
      const one = make("span", "", `${words(name)} `);
      one.append(make("b", "", shown(value)));
      values.append(one);
    }
    trace.append(values);
  }
  for (const tool of exchange.tools) trace.append(toolOf(tool));
  for (const said of exchange.notes) trace.append(note(said, "warn"));
  if (exchange.handed_to) trace.append(make("p", "event", `${exchange.handed_to} goes on`));
  return trace;
}

function toolOf(tool: ToolLine): HTMLElement {
  const details = make("details", `try-tool${tool.ok ? "" : " bad"}`);
  const summary = make("summary");
  const knowledge = tool.tool === "knowledge";
  const picture = knowledge ? icon("book-open") : icon("wrench");
  summary.append(picture, make("span", "try-tool-name", knowledge ? "Looked up" : words(tool.tool)));
  summary.append(make("span", "try-tool-how", [tool.ok ? "" : "failed", tool.mocked ? "mock" : `${tool.ms} ms`].filter(Boolean).join(", ")));
  details.append(summary);
  const list = make("dl");
  for (const [name, value] of Object.entries(tool.arguments)) pair(list, words(name), shown(value));
  pair(list, "Answer", tool.text || (tool.ok ? "nothing" : "It failed."));
  for (const [name, value] of Object.entries(tool.variables)) pair(list, `→ ${words(name)}`, shown(value));
  details.append(list);
  for (const source of tool.sources) {
    const where = [source.document, source.heading].filter(Boolean).join(", ");
    const passage = make("p", "try-source", source.text.length > 240 ? `${source.text.slice(0, 240)}…` : source.text);
    passage.prepend(make("b", "", `${where} (${Math.round(source.score * 100)}%) `));
    details.append(passage);
  }
  return details;
}

export function pair(list: HTMLElement, name: string, value: string, marked = false): void {
  list.append(make("dt", marked ? "marked" : "", name), make("dd", marked ? "marked" : "", value));
}

function note(text: string, tone: "warn" | "bad"): HTMLElement {
  const line = make("p", `problem ${tone}`);
  line.append(icon(tone === "bad" ? "circle-x" : "triangle-alert"), make("span", "", text));
  return line;
}
