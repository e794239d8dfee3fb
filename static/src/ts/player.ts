// The dock: one recording at a time, at the bottom. data-play="address" anywhere puts it there.
import { all, clock, find, on, typing } from "./dom";
import { toast } from "./toasts";

const audio = new Audio();
audio.preload = "metadata";
let now = "";

function dock(): HTMLElement | null {
  return find("#dock");
}

function part<T extends HTMLElement>(name: string): T | null {
  return find<T>(`[data-dock-${name}]`, dock() ?? document);
}

function showState(): void {
  const playing = !audio.paused;
  for (const button of [part("play"), ...all("[data-play]")]) {
    if (!button) continue;
    const mine = button.dataset.play === undefined || button.dataset.play === now;
    for (const face of all("[data-when]", button)) face.hidden = face.dataset.when !== (playing && mine ? "playing" : "paused");
    button.closest("tr")?.classList.toggle("playing", mine && now !== "");
  }
}

function showTime(): void {
  const length = Number.isFinite(audio.duration) ? audio.duration : 0;
  part("now")?.replaceChildren(clock(audio.currentTime));
  part("length")?.replaceChildren(clock(length));
  const seek = part<HTMLInputElement>("seek");
  if (seek && length && document.activeElement !== seek) seek.value = String((audio.currentTime / length) * 1000);
}

function start(button: HTMLElement): void {
  const address = button.dataset.play ?? "";
  const place = dock();
  if (!place || !address) return;
  if (now === address) {
    if (audio.paused) void audio.play();
    else audio.pause();
    return;
  }
  now = address;
  audio.src = address;
  place.hidden = false;
  const about = part<HTMLAnchorElement>("about");
  if (about) {
    about.textContent = button.dataset.playAbout ?? "";
    about.href = button.dataset.playUrl ?? "#";
  }
  void audio.play().catch(() => undefined); // the error event says what happened
}

function close(): void {
  audio.pause();
  audio.removeAttribute("src");
  now = "";
  const place = dock();
  if (place) place.hidden = true;
  showState();
}

function setRate(rate: string): void {
  audio.playbackRate = audio.defaultPlaybackRate = Number(rate);
  for (const button of all("[data-dock-rate]")) button.setAttribute("aria-pressed", String(button.dataset.dockRate === rate));
}

export function startPlayer(): void {
  on("click", "[data-play]", (button, event) => {
    event.preventDefault();
    start(button);
  });
  on("click", "[data-dock-play]", () => (audio.paused ? void audio.play() : audio.pause()));
  on("click", "[data-dock-close]", close);
  on("click", "[data-dock-rate]", (button) => setRate(button.dataset.dockRate ?? "1"));
  on("input", "[data-dock-seek]", (field) => {
    if (audio.duration) audio.currentTime = (Number((field as HTMLInputElement).value) / 1000) * audio.duration;
  });
  audio.addEventListener("timeupdate", showTime);
  audio.addEventListener("loadedmetadata", showTime);
  for (const kind of ["play", "pause", "ended"] as const) audio.addEventListener(kind, showState);
  audio.addEventListener("error", () => {
    if (!now) return;
    toast("This recording cannot be played. It may still be in the making; try again in a minute.", "bad");
    close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || !now || typing(event.target)) return;
    if (event.target instanceof Element && event.target.closest("button, a, summary, dialog, [data-own-keys]")) return;
    event.preventDefault();
    if (audio.paused) void audio.play();
    else audio.pause();
  });
  document.addEventListener("htmx:after:swap", showState);
}
