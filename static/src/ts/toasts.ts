// Short messages at the bottom right. Errors stay until they are closed.
import { all, find, icon, make, on } from "./dom";

export type Tone = "good" | "warn" | "bad" | "plain";

function pictureOf(tone: Tone): SVGSVGElement {
  if (tone === "good") return icon("circle-check");
  if (tone === "bad") return icon("circle-x");
  if (tone === "warn") return icon("triangle-alert");
  return icon("info");
}

function fade(element: HTMLElement): void {
  if (element.dataset.tone === "bad") return;
  setTimeout(() => element.remove(), 6000);
}

export function toast(text: string, tone: Tone = "plain"): void {
  const place = find("#toasts");
  if (!place) return;
  const element = make("div", `toast ${tone}`);
  element.dataset.tone = tone;
  element.setAttribute("role", tone === "bad" ? "alert" : "status");
  const close = make("button");
  close.type = "button";
  close.dataset.toastClose = "";
  close.setAttribute("aria-label", "Close");
  close.append(icon("x"));
  element.append(pictureOf(tone), make("p", "", text), close);
  place.append(element);
  fade(element);
}

export function startToasts(): void {
  on("click", "[data-toast-close]", (button) => button.closest(".toast")?.remove());
  for (const element of all("#toasts .toast")) fade(element);
  // A response may ask for one: HX-Trigger: {"toast": {"text": "…", "tone": "good"}}
  document.addEventListener("toast", (event) => {
    const detail = (event as CustomEvent<{ text?: string; tone?: Tone }>).detail;
    if (detail?.text) toast(detail.text, detail.tone ?? "plain");
  });
}
