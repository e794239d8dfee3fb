// The icon sprite: only the Lucide icons that something names, as <symbol>s of one SVG.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

// {% icon "phone" %} · icon="phone" · icon: "phone" · "icon": "phone" · icon("phone")
const NAMED = /\bicon["']?\s*[=:( ]\s*["']([a-z][a-z0-9-]*)["']/g;

// About("Branch", "split", …): a kind of step (media_worker/contract/flow), or of tool (agents/tools/kinds)
const KIND = /\b\w*About\(\s*"[^"]*",\s*"([a-z][a-z0-9-]*)"/g;
// icon={busy ? "triangle-alert" : "cloud-check"}: a choice in the canvas
const CHOSEN = /\bicon=\{([^}]*)\}/g;

export function iconNames(texts) {
  const names = new Set();
  for (const text of texts) {
    for (const pattern of [NAMED, KIND]) for (const match of text.matchAll(pattern)) names.add(match[1]);
    for (const [, choice] of text.matchAll(CHOSEN)) for (const [, name] of choice.matchAll(/[?:]\s*\(?"([a-z][a-z0-9-]*)"/g)) names.add(name);
    for (const [, choice] of text.matchAll(CHOSEN)) for (const [, name] of choice.matchAll(/\?\?\s*"([a-z][a-z0-9-]*)"/g)) names.add(name);
  }
  return [...names].sort();
}

export function sprite(names, folder) {
  const symbols = names.map((name) => {
    const path = join(folder, `${name}.svg`);
    if (!existsSync(path)) throw new Error(`No Lucide icon is called "${name}".`);
    const svg = readFileSync(path, "utf8");
    const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    return `<symbol id="${name}" viewBox="0 0 24 24">${body.replace(/\s+/g, " ").replaceAll("> <", "><").trim()}</symbol>`;
  });
  const frame = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${frame}>\n${symbols.join("\n")}\n</svg>\n`;
}
