// One websocket a page. The server says "something about this topic changed"; elements that show the topic ask again.
//   <div id="turns" data-live="call:<id>" hx-get="/calls/<id>/turns/" hx-trigger="refresh" hx-swap="innerMorph">…</div>
// Without hx-get the page itself is asked again, and what has the same id there is morphed over the element.
// data-live-kinds="call.started call.ended" narrows it to some kinds.
// The address names the topics, /live?topic=calls&topic=call:<id>, and the page is told {"topic": …, "kind": …}; every
// message is also a DOM event "live". Close 4401: nobody is signed in any more, so there is nothing to wait for.
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

function topics(): string {
  const names = new Set(all("[data-live]").flatMap((element) => (element.dataset.live ?? "").split(" ").filter(Boolean)));
  return new URLSearchParams([...names].sort().map((name) => ["topic", name])).toString();
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

function opened(): void {
  const again = tries > 0;
  tries = 0;
  document.documentElement.dataset.line = "on";
  // What happened before the line was open was not heard: after a loss anywhere, at first where a call is moving.
  for (const element of all("[data-live]")) if (again || element.dataset.live?.includes("call:")) schedule(element);
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
  if (tries > LOST_AFTER_TRIES) document.documentElement.dataset.line = "lost";
  const wait = BACKOFF_MS[Math.min(tries - 1, BACKOFF_MS.length - 1)] ?? 20_000;
  window.clearTimeout(timer);
  timer = window.setTimeout(connect, wait * (0.75 + Math.random() / 2));
}

function connect(): void {
  named = topics();
  const address = new URL(`/live?${named}`, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const opening = new WebSocket(address);
  socket = opening;
  opening.onopen = opened;
  opening.onmessage = (event: MessageEvent<string>) => received(event.data);
  opening.onclose = (event) => {
    if (socket === opening) closed(event.code);
  };
}

/** What htmx brought may show other topics: then the line is opened anew, and nothing between is missed. */
function renew(): void {
  if (!socket || topics() === named) return;
  const old = socket;
  connect();
  old.close(1000);
}

export function startLive(): void {
  if (!topics()) return;
  connect();
  document.addEventListener("htmx:after:swap", renew);
  window.addEventListener("pagehide", () => socket?.close(1000));
  window.addEventListener("online", () => {
    if (socket) return;
    window.clearTimeout(timer);
    connect();
  });
}
