// The icon sprite: only the Lucide icons that something names, as <symbol>s of one SVG.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

// {% icon "phone" %} · icon="phone" · icon: "phone" · "icon": "phone" · icon("phone")
const NAMED = /\bicon["']?\s*[=:( ]\s*["']([a-z][a-z0-9-]*)["']/g;

export function iconNames(texts) {
  const names = new Set();
  for (const text of texts) for (const match of text.matchAll(NAMED)) names.add(match[1]);
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
