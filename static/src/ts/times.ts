// <time datetime data-relative>: "3 min ago" stays true while the page is open. The server wrote the first words.
import { all, clock } from "./dom";

export function relative(then: Date, now = new Date()): string | null {
  const seconds = Math.round((then.getTime() - now.getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 45) return "just now";
  if (size >= 86_400) return null;
  const words = size < 3570 ? `${Math.max(1, Math.round(size / 60))} min` : `${Math.round(size / 3600)} h`; // as format.py says it
  return seconds > 0 ? `in ${words}` : `${words} ago`;
}

function refresh(): void {
  for (const element of all<HTMLTimeElement>("time[data-relative]")) {
    const words = relative(new Date(element.dateTime));
    if (words) element.textContent = words;
  }
  for (const element of all<HTMLTimeElement>("time[data-since]")) {
    const seconds = Math.max(0, Math.floor((Date.now() - new Date(element.dateTime).getTime()) / 1000));
    element.textContent = clock(seconds);
  }
}

export function startTimes(): void {
  setInterval(() => document.visibilityState === "visible" && refresh(), 1000);
}
