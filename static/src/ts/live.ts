// One websocket a page. The server says "something about this topic changed"; elements that show the topic ask again.
//   <div id="turns" data-live="call:<id>" hx-get="/calls/<id>/turns/" hx-trigger="refresh" hx-swap="innerMorph">…</div>
// Without hx-get the page itself is asked again, and what has the same id there is morphed over the element.
// data-live-kinds="call.started call.ended" narrows it to some kinds.
// The page names its topics, {"topics": [...]}, and is told {"topic": "call:<id>" | "calls" | "home", "kind": "…"};
// every one is also a DOM event "live". Close 4401: nobody is signed in any more, so there is nothing to wait for.
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
const SIGNED_OUT = 4401;

const waiting = new Map<HTMLElement, number>();
const asking = new WeakSet<HTMLElement>();
let tries = 0;
let timer = 0;
let socket: WebSocket | null = null;
let named = "";

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

/** Says which topics the page shows, when they are not the ones said before. */
function name(): void {
  const list = JSON.stringify({ topics: [...topics()].sort() });
  if (socket?.readyState !== WebSocket.OPEN || list === named) return;
  named = list;
  socket.send(list);
}

function opened(): void {
  const again = tries > 0;
  tries = 0;
  named = "";
  document.documentElement.dataset.live = "on";
  name();
  if (again) all("[data-live]").forEach(schedule); // what happened meanwhile was not heard
}

function received(data: string): void {
  let message: Partial<LiveMessage>;
  try {
    message = JSON.parse(data) as Partial<LiveMessage>;
  } catch {
    return;
  }
  if (typeof message.topic === "string") heard(message as LiveMessage);
}

function closed(code: number): void {
  socket = null;
  if (code === SIGNED_OUT) return;
  tries += 1;
  if (tries > LOST_AFTER_TRIES) document.documentElement.dataset.live = "lost";
  const wait = BACKOFF_MS[Math.min(tries - 1, BACKOFF_MS.length - 1)] ?? 20_000;
  window.clearTimeout(timer);
  timer = window.setTimeout(connect, wait * (0.75 + Math.random() / 2));
}

function connect(): void {
  const address = new URL("/live", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(address);
  socket.onopen = opened;
  socket.onmessage = (event: MessageEvent<string>) => received(event.data);
  socket.onclose = (event) => closed(event.code);
}

export function startLive(): void {
  if (!topics().size) return;
  connect();
  document.addEventListener("htmx:after:swap", name);
  window.addEventListener("pagehide", () => socket?.close(1000));
  window.addEventListener("online", () => {
    if (socket) return;
    window.clearTimeout(timer);
    connect();
  });
}
