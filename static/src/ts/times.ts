// <time datetime data-relative>: "3 min ago" stays true while the page is open. The server wrote the first words.
import { all } from "./dom";

const format = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

export function relative(then: Date, now = new Date()): string | null {
  const seconds = Math.round((then.getTime() - now.getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 45) return "just now";
  if (size < 3600) return format.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return format.format(Math.round(seconds / 3600), "hour");
  return null;
}

function refresh(): void {
  for (const element of all<HTMLTimeElement>("time[data-relative]")) {
    const words = relative(new Date(element.dateTime));
    if (words) element.textContent = words;
  }
  for (const element of all<HTMLTimeElement>("time[data-since]")) {
    const seconds = Math.max(0, Math.floor((Date.now() - new Date(element.dateTime).getTime()) / 1000));
    element.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

export function startTimes(): void {
  setInterval(() => document.visibilityState === "visible" && refresh(), 1000);
}
