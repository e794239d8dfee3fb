// One websocket a page. The server says "something about this topic changed"; elements that show the topic ask again.
//   <div id="turns" data-live="call:<id>" hx-get="/calls/<id>/turns/" hx-trigger="refresh" hx-swap="innerMorph">…</div>
// Without hx-get the page itself is asked again, and what has the same id there is morphed over the element.
// data-live-kinds="call.started call.ended" narrows it to some kinds.
// Messages: {"topic": "call:<id>" | "calls" | "home", "kind": "…"}; every one is also a DOM event "live".
import { all } from "./dom";
import { htmx } from "./vendor";

export interface LiveMessage {
  topic: string;
  kind: string;
  [more: string]: unknown;
}

const DEBOUNCE_MS = 250;
const BACKOFF_MS = [500, 1000, 2000, 5000, 10_000, 20_000];
const LOST_AFTER_TRIES = 2;

const waiting = new Map<HTMLElement, number>();
const asking = new WeakSet<HTMLElement>();
let tries = 0;
let timer = 0;

function topics(): Set<string> {
  return new Set(all("[data-live]").flatMap((element) => (element.dataset.live ?? "").split(" ")));
}

async function refresh(element: HTMLElement): Promise<void> {
  waiting.delete(element);
  if (!element.isConnected) return;
  if (asking.has(element)) return schedule(element);
  asking.add(element);
  try {
    if (element.hasAttribute("hx-get")) element.dispatchEvent(new CustomEvent("refresh"));
    else {
      const select = `#${CSS.escape(element.id)}`;
      await htmx.ajax("GET", location.pathname + location.search, { source: element, target: element, swap: "outerMorph", select });
    }
  } finally {
    asking.delete(element);
  }
}

function schedule(element: HTMLElement): void {
  if (waiting.has(element)) return;
  waiting.set(element, window.setTimeout(() => void refresh(element), DEBOUNCE_MS));
}

function heard(message: LiveMessage): void {
  document.dispatchEvent(new CustomEvent<LiveMessage>("live", { detail: message }));
  for (const element of all("[data-live]")) {
    const wanted = (element.dataset.live ?? "").split(" ");
    const kinds = element.dataset.liveKinds?.split(" ");
    if (wanted.includes(message.topic) && (!kinds || kinds.includes(message.kind))) schedule(element);
  }
}

function connect(): void {
  const address = new URL("/live", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  for (const topic of topics()) address.searchParams.append("topic", topic);
  const socket = new WebSocket(address);
  const again = tries > 0;
  socket.onopen = () => {
    tries = 0;
    document.documentElement.dataset.live = "on";
    if (again) all("[data-live]").forEach(schedule); // what happened meanwhile was not heard
  };
  socket.onmessage = (event: MessageEvent<string>) => {
    let message: LiveMessage;
    try {
      message = JSON.parse(event.data) as LiveMessage;
    } catch {
      return;
    }
    if (typeof message.topic === "string") heard(message);
  };
  socket.onclose = () => {
    tries += 1;
    if (tries > LOST_AFTER_TRIES) document.documentElement.dataset.live = "lost";
    const wait = BACKOFF_MS[Math.min(tries - 1, BACKOFF_MS.length - 1)] ?? 20_000;
    window.clearTimeout(timer);
    timer = window.setTimeout(connect, wait * (0.75 + Math.random() / 2));
  };
  window.addEventListener("pagehide", () => socket.close(), { once: true });
}

export function startLive(): void {
  if (!topics().size) return;
  connect();
}
