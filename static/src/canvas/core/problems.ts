// What is wrong, at the step where it lies. Checked on the server while people draw.
import type { Drawing } from "./drawing";
import { START, closed } from "./drawing";
import type { Server } from "./server";
import type { Placed, Store } from "./store";
import type { Problem } from "./types";

const PAUSE_MS = 250;

/** `drawing` is the one the problems were found in: places are numbers there. */
export function placed(problems: readonly Problem[], drawing: Drawing): Placed[] {
  return problems.map((problem) => {
    const [part, field, number, ...rest] = problem.path;
    if (part !== "flow") return { ...problem, key: "", inside: "" };
    if (field !== "nodes") return { ...problem, key: START, inside: problem.path.slice(1).join(".") };
    const step = typeof number === "number" ? drawing.steps[number] : undefined;
    return { ...problem, key: step?.key ?? "", inside: rest.join(".") };
  });
}

/** Checks the drawing a moment after it changed. */
export function keepChecking(store: Store, server: Server): void {
  let timer = 0;
  let seen = store.state.drawing;
  let checked = 0;
  store.subscribe(() => {
    if (store.state.drawing === seen) return;
    seen = store.state.drawing;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void check(), PAUSE_MS);
  });

  async function check(): Promise<void> {
    const drawing = store.state.drawing;
    const mine = (checked += 1);
    const answer = await server.check(closed(drawing));
    if (mine !== checked || store.state.drawing !== drawing) return;
    if (answer.ok && answer.body && "problems" in answer.body) store.set({ problems: placed(answer.body.problems, drawing) });
  }
}
