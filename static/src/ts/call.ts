// A call's page: the two-channel waveform, its marks, and the transcript that seeks and follows.
import WaveSurfer from "wavesurfer.js";
import Regions from "wavesurfer.js/dist/plugins/regions.esm.js";
import { all, clock, find, icon, make, meta, on, token, typing } from "./dom";

interface TurnSpan {
  id: string;
  role: "user" | "agent";
  start: number;
  end: number;
  interrupted?: boolean;
}

interface Mark {
  at: number;
  kind: "interruption" | "tool" | "fallback" | "fault" | "resumed" | "digit";
  text: string;
}

interface Peaks {
  seconds: number;
  caller: number[];
  agent: number[];
}

const HEIGHT = 52;
const MARK_WIDTH = 19;
const LEAST_PEAKS = 1000;

function read<T>(id: string | undefined): T[] {
  const text = id ? document.getElementById(id)?.textContent : null;
  return text ? (JSON.parse(text) as T[]) : [];
}

/** As many values as there are bars at least: fewer would leave gaps between them. */
function stretched(values: number[]): number[] {
  if (values.length >= LEAST_PEAKS || !values.length) return values;
  return Array.from({ length: LEAST_PEAKS }, (_, i) => values[Math.floor((i * values.length) / LEAST_PEAKS)] ?? 0);
}

function markIcon(kind: Mark["kind"]): [SVGSVGElement, string] {
  if (kind === "interruption") return [icon("hand"), "warn"];
  if (kind === "tool") return [icon("wrench"), "brand"];
  if (kind === "fallback") return [icon("life-buoy"), "warn"];
  if (kind === "fault") return [icon("circle-alert"), "bad"];
  if (kind === "resumed") return [icon("rotate-cw"), "brand"];
  return [icon("hash"), ""];
}

class CallPlayer {
  private readonly media = new Audio();
  private wave: WaveSurfer | null = null;
  private turns: TurnSpan[] = [];
  private current = "";

  constructor(
    private readonly root: HTMLElement,
    private readonly peaks: Peaks,
  ) {
    this.media.preload = "metadata";
    this.media.src = root.dataset.audio ?? "";
    this.media.addEventListener("timeupdate", () => this.follow());
    for (const kind of ["play", "pause", "ended"] as const) this.media.addEventListener(kind, () => this.showState());
    this.media.addEventListener("error", () => this.failed());
    this.draw();
    document.addEventListener("theme:changed", () => this.draw());
  }

  seek(seconds: number, play = true): void {
    this.media.currentTime = Math.max(0, Math.min(seconds, this.peaks.seconds));
    if (play) void this.media.play().catch(() => undefined);
    this.follow();
  }

  toggle(): void {
    if (this.media.paused) void this.media.play().catch(() => undefined);
    else this.media.pause();
  }

  set rate(rate: number) {
    this.media.playbackRate = this.media.defaultPlaybackRate = rate;
    for (const button of all("[data-wave-rate]", this.root)) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.waveRate) === rate));
    }
  }

  private draw(): void {
    const place = find("[data-wave-tracks]", this.root);
    if (!place) return;
    this.wave?.destroy();
    this.turns = read<TurnSpan>(this.root.dataset.turns);
    const regions = Regions.create();
    const lane = (colour: string) => ({ height: HEIGHT, waveColor: token(colour, 45), progressColor: token(colour) });
    this.wave = WaveSurfer.create({
      container: place,
      media: this.media,
      peaks: [stretched(this.peaks.caller), stretched(this.peaks.agent)],
      duration: this.peaks.seconds,
      splitChannels: [lane("live"), lane("brand")],
      cursorColor: token("text"),
      cursorWidth: 1,
      barWidth: 2,
      barGap: 1,
      barRadius: 1,
      barMinHeight: 1,
      dragToSeek: true,
      hideScrollbar: true,
      cspNonce: meta("csp-nonce"),
      plugins: [regions],
    });
    this.wave.on("interaction", () => this.follow());
    this.wave.once("decode", () => this.addTurns(regions)); // before it, the plugin knows no length
    regions.on("region-clicked", (region, event) => {
      event.stopPropagation();
      this.seek(region.start);
    });
    this.drawMarks();
  }

  private addTurns(regions: ReturnType<typeof Regions.create>): void {
    for (const turn of this.turns) {
      const colour = token(turn.role === "user" ? "live" : "brand", 12, "transparent");
      regions.addRegion({
        id: turn.id,
        start: turn.start,
        end: Math.max(turn.end, turn.start + 0.05),
        channelIdx: turn.role === "user" ? 0 : 1,
        color: colour,
        drag: false,
        resize: false,
      });
    }
  }

  private drawMarks(): void {
    const place = find("[data-wave-marks]", this.root);
    if (!place) return;
    place.replaceChildren();
    const width = Math.max(1, place.clientWidth);
    let free = 0; // where the next mark may stand without covering the one before
    for (const mark of read<Mark>(this.root.dataset.marks).sort((one, other) => one.at - other.at)) {
      const [picture, tone] = markIcon(mark.kind);
      const button = make("button", tone);
      button.type = "button";
      button.title = `${clock(mark.at)} ${mark.text}`;
      button.setAttribute("aria-label", button.title);
      const left = Math.max(free, (width * mark.at) / Math.max(0.1, this.peaks.seconds));
      free = left + MARK_WIDTH;
      button.style.left = `${(100 * left) / width}%`;
      button.append(picture);
      button.addEventListener("click", () => this.seek(mark.at));
      place.append(button);
    }
  }

  private follow(): void {
    const now = this.media.currentTime;
    find("[data-wave-now]", this.root)?.replaceChildren(clock(now));
    const turn = this.turns.findLast((span) => span.start <= now + 0.02 && now < span.end + 0.3);
    if ((turn?.id ?? "") === this.current) return;
    this.current = turn?.id ?? "";
    for (const element of all(".transcript .turn.playing")) element.classList.remove("playing");
    const line = turn && document.getElementById(turn.id);
    if (!line) return;
    line.classList.add("playing");
    if (!this.media.paused) line.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  private showState(): void {
    const face = this.media.paused ? "paused" : "playing";
    for (const element of all("[data-wave-play] [data-when]", this.root)) element.hidden = element.dataset.when !== face;
  }

  private failed(): void {
    if (!this.root.dataset.audio) return;
    const place = find("[data-wave-problem]", this.root);
    if (!place) return;
    place.textContent = "The recording cannot be played now. It may still be in the making; reload the page in a minute.";
    place.hidden = false;
  }
}

const players = new WeakMap<HTMLElement, CallPlayer>();

function player(): CallPlayer | undefined {
  const root = find("[data-waveform]");
  return root ? players.get(root) : undefined;
}

async function start(): Promise<void> {
  const root = find("[data-waveform]");
  if (!root || players.has(root) || !root.dataset.peaks) return;
  const response = await fetch(root.dataset.peaks, { credentials: "same-origin" }).catch(() => null);
  if (!response?.ok) return;
  const peaks = (await response.json()) as Peaks;
  if (!players.has(root) && root.isConnected) players.set(root, new CallPlayer(root, peaks));
  find("[data-wave-length]", root)?.replaceChildren(clock(peaks.seconds));
}

on("click", "[data-seek]", (line) => player()?.seek(Number(line.dataset.seek)));
on("click", "[data-turn]", (line) => {
  for (const other of all('.transcript [aria-current="true"]')) other.removeAttribute("aria-current");
  line.setAttribute("aria-current", "true");
});
on("click", "[data-wave-play]", () => player()?.toggle());
on("click", "[data-wave-rate]", (button) => {
  const playing = player();
  if (playing) playing.rate = Number(button.dataset.waveRate ?? "1");
});
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || typing(event.target) || find("dialog[open]")) return;
  if (event.target instanceof Element && event.target.closest("button:not(.turn), a, summary")) return;
  const playing = player();
  if (!playing) return;
  event.preventDefault();
  playing.toggle();
});
document.addEventListener("htmx:after:swap", () => void start());
void start();
