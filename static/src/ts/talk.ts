// "Talk to it": the browser as a phone of the `web` carrier. The markup is templates/components/talk.html.
import { all, clock, find, meta } from "./dom";
import { Microphone, Unavailable } from "./microphone";
import { lightPath } from "./path";
import type { CallEvent, FromAudio, FromBridge, Line, ToBridge } from "./phone-messages";
import { TalkLines } from "./talk-lines";
import { startTrying } from "./try";

type State = "idle" | "starting" | "live" | "reconnecting" | "ended";

const RETRY_MS = [300, 1000, 2000, 4000, 8000];
const GOODBYE_MS = 2000;

// Endings that are nobody's fault; for the others the bridge's sentence is shown as a warning.
const CALM = new Set(["caller_hangup", "agent_hangup", "transferred", "max_duration", "idle_timeout"]);

class Talk {
  private state: State = "idle";
  private microphone: Microphone | null = null;
  private socket: WebSocket | null = null;
  private line: Line | null = null;
  private tries = 0;
  private startedAt = 0;
  private ticking = 0;
  private muted = false;
  private path: string[] = [];
  private readonly lines: TalkLines;

  constructor(private readonly root: HTMLElement) {
    this.lines = new TalkLines(this.part("lines"));
    this.part("start").addEventListener("click", () => void this.start());
    this.part("hangup").addEventListener("click", () => this.hangUp());
    this.part("mute").addEventListener("click", () => this.toggleMute());
    this.part("keys").addEventListener("click", () => this.toggleKeypad());
    for (const key of all("[data-talk-digit]", root)) key.addEventListener("click", () => this.press(key.dataset.talkDigit ?? ""));
    window.addEventListener("pagehide", () => this.hangUp());
    this.show("idle");
  }

  private part<T extends HTMLElement = HTMLElement>(name: string): T {
    const element = find<T>(`[data-talk-${name}]`, this.root);
    if (!element) throw new Error(`talk.html has no data-talk-${name}`);
    return element;
  }

  private say(text: string, tone: "" | "warn" | "bad" = ""): void {
    const place = this.part("say");
    place.textContent = text;
    place.className = `talk-say ${tone}`;
    place.hidden = !text;
  }

  private show(state: State): void {
    this.state = state;
    this.root.dataset.state = state;
    const onCall = state === "live" || state === "reconnecting";
    const start = this.part<HTMLButtonElement>("start");
    start.hidden = onCall;
    start.disabled = state === "starting";
    for (const element of all("[data-talk-live]", this.root)) element.hidden = !onCall;
    if (!onCall) this.part("keypad").hidden = true;
    if (state === "starting") this.part("call").hidden = true;
    this.root.dispatchEvent(new CustomEvent("talk:state", { bubbles: true, detail: { state } }));
  }

  // ── the life of a call ─────────────────────────────────────────────────────────────────────────
  private async start(): Promise<void> {
    if (this.state === "starting" || this.state === "live") return;
    this.show("starting");
    this.lines.clear();
    this.path = [];
    lightPath([], "");
    this.say("Asking for the microphone…");
    try {
      this.microphone = await Microphone.open(this.root.dataset.worklet ?? "", (message) => this.fromAudio(message));
      this.microphone.onUnplugged(() => this.say("The microphone was unplugged. The agent can no longer hear you.", "warn"));
      this.say("Calling…");
      this.line = await this.ask(this.root.dataset.talk ?? "");
    } catch (error) {
      await this.stop(error instanceof Unavailable ? error.message : "The call could not be started. Reload the page and try again.", "bad");
      return;
    }
    this.tries = 0;
    this.startedAt = 0;
    this.connect(this.line);
  }

  private async ask(address: string): Promise<Line> {
    let response: Response;
    try {
      const headers = { "X-CSRFToken": meta("csrf"), Accept: "application/json" };
      response = await fetch(address, { method: "POST", headers, credentials: "same-origin" });
    } catch {
      throw new Unavailable("The server cannot be reached. Check the connection, then try again.");
    }
    const answer = (await response.json().catch(() => ({}))) as Partial<Line> & { error?: string };
    if (!response.ok || !answer.media) throw new Unavailable(answer.error ?? "The server did not take the call. Reload the page and try again.");
    return { resume: this.line?.resume, call_url: this.line?.call_url, ...answer, media: answer.media };
  }

  private connect(line: Line): void {
    const address = new URL(line.media, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => {
      this.send({ type: "start", rate: 16000 });
      this.tries = 0;
      if (!this.startedAt) this.startedAt = Date.now();
      this.ticking ||= window.setInterval(() => this.tick(), 500);
      this.part("clock").hidden = false;
      this.say("Connecting to the agent…");
      this.show("live");
    };
    socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
      if (this.socket === socket) this.fromBridge(event.data); // after hanging up, the line has nothing more to say
    };
    socket.onclose = () => {
      if (this.socket === socket) void this.lost();
    };
  }

  /** The socket is gone and nobody said goodbye: the call is resumed through the address that the start gave. */
  private async lost(): Promise<void> {
    this.socket = null;
    if (this.state === "ended" || this.state === "idle") return;
    const resume = this.line?.resume;
    const wait = RETRY_MS[this.tries++];
    if (!resume || wait === undefined || !this.startedAt) {
      await this.stop("The line was lost. The call’s page has what was said until then.", "bad");
      return;
    }
    this.show("reconnecting");
    this.microphone?.tell({ type: "clear" });
    this.say("The line was lost. Reconnecting…", "warn");
    await new Promise((done) => setTimeout(done, wait));
    if (this.state !== "reconnecting") return;
    try {
      this.line = await this.ask(resume);
      this.connect(this.line);
    } catch {
      await this.lost();
    }
  }

  private hangUp(): void {
    if (this.state !== "live" && this.state !== "reconnecting") return;
    const socket = this.socket;
    this.send({ type: "hangup" });
    void this.stop("You hung up.");
    setTimeout(() => socket?.close(), GOODBYE_MS);
  }

  private async stop(words: string, tone: "" | "warn" | "bad" = ""): Promise<void> {
    this.show("ended");
    this.lines.settle();
    this.say(words, tone);
    const { microphone } = this;
    this.microphone = null;
    this.socket = null;
    window.clearInterval(this.ticking);
    this.ticking = 0;
    this.level("mic", 0);
    this.level("agent", 0);
    if (this.muted) this.toggleMute();
    const link = this.part<HTMLAnchorElement>("call");
    if (this.line?.call_url && this.startedAt) {
      link.href = this.line.call_url;
      link.hidden = false;
    }
    this.line = null;
    await microphone?.close();
  }

  // ── the wire ───────────────────────────────────────────────────────────────────────────────────
  private send(message: ToBridge): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private fromBridge(data: ArrayBuffer | string): void {
    if (typeof data !== "string") {
      this.microphone?.tell({ type: "audio", pcm: data }, [data]);
      return;
    }
    let message: FromBridge;
    try {
      message = JSON.parse(data) as FromBridge;
    } catch {
      return;
    }
    if (message.type === "ready") this.say("");
    else if (message.type === "clear") this.microphone?.tell({ type: "clear" });
    else if (message.type === "mark") this.microphone?.tell({ type: "mark", name: message.name });
    else if (message.type === "event") {
      this.lines.take(message.event);
      this.follow(message.event);
      this.root.dispatchEvent(new CustomEvent("talk:event", { bubbles: true, detail: message.event }));
    } else if (message.type === "ended") {
      const socket = this.socket;
      const words = message.reason === "caller_hangup" ? "You hung up." : message.detail || "The call ended.";
      void this.stop(words, CALM.has(message.reason) ? "" : "warn");
      socket?.close();
    }
  }

  /** Whoever shows the flow lights the way the call takes. */
  private follow({ body }: CallEvent): void {
    if (body.kind !== "node_entered") return;
    this.path.push(String(body.node));
    lightPath([...this.path], String(body.node));
  }

  private fromAudio(message: FromAudio): void {
    if (message.type === "frame") {
      if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(message.pcm);
    } else if (message.type === "mark") this.send({ type: "mark", name: message.name });
    else {
      this.level("mic", this.muted ? 0 : message.mic);
      this.level("agent", message.agent);
    }
  }

  // ── controls ───────────────────────────────────────────────────────────────────────────────────
  private level(whose: "mic" | "agent", peak: number): void {
    const meter = find<HTMLProgressElement>(`[data-talk-level="${whose}"]`, this.root);
    const decibels = 20 * Math.log10(Math.max(peak, 0.001));
    if (meter) meter.value = Math.max(0, Math.min(100, (decibels + 60) * (100 / 60)));
  }

  private tick(): void {
    this.part("clock").textContent = clock((Date.now() - this.startedAt) / 1000);
  }

  private toggleMute(): void {
    this.muted = !this.muted;
    if (this.microphone) this.microphone.muted = this.muted;
    const button = this.part("mute");
    button.setAttribute("aria-pressed", String(this.muted));
    for (const face of all("[data-when]", button)) face.hidden = face.dataset.when !== (this.muted ? "off" : "on");
  }

  private toggleKeypad(): void {
    const keypad = this.part("keypad");
    keypad.hidden = !keypad.hidden;
    this.part("keys").setAttribute("aria-expanded", String(!keypad.hidden));
  }

  private press(digit: string): void {
    this.send({ type: "dtmf", digit });
    this.lines.note(`You pressed ${digit}`);
  }
}

function startAll(): void {
  for (const root of all("[data-talk]")) {
    if (root.dataset.state) continue;
    new Talk(root);
  }
}

startAll();
startTrying();
document.addEventListener("htmx:after:swap", startAll);
