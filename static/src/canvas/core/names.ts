// Ids as people read them, and back: “Opening hours?” ↔ opening_hours.

export const NAME = "^[a-z][a-z0-9_]{0,39}$";

export function words(id: string): string {
  return id.split("_").join(" ").trim();
}

export function title(id: string): string {
  const said = words(id);
  return said.slice(0, 1).toUpperCase() + said.slice(1);
}

export function identifier(typed: string, otherwise: string): string {
  const plain = typed.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const found = plain.replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
  const named = /^[a-z]/.test(found) ? found : found ? `${otherwise}_${found}` : otherwise;
  return named.slice(0, 40).replace(/_+$/, "");
}

/** `name`, or `name_2`, … when it is taken. */
export function free(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  const stem = name.replace(/_\d+$/, "").slice(0, 35);
  let number = 2;
  while (taken.has(`${stem}_${number}`)) number += 1;
  return `${stem}_${number}`;
}
