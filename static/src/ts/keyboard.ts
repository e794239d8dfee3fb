// "/" searches, "g c" calls, "g a" agents, "g h" home, "?" help, arrows walk through rows, Esc closes.
import { all, find, typing } from "./dom";
import { closeMenus } from "./menus";

const WAIT_MS = 1200;
let afterG = 0;

function rows(): HTMLElement[] {
  return all(".row-link, .transcript .turn").filter((link) => link.offsetParent !== null);
}

function step(by: number): boolean {
  const list = rows();
  if (!list.length) return false;
  const now = list.indexOf(document.activeElement as HTMLElement);
  const next = now < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(now + by, 0), list.length - 1);
  const row = list[next];
  row?.focus();
  row?.closest("tr, li, .turn")?.scrollIntoView({ block: "nearest" });
  return true;
}

function go(key: string): boolean {
  const link = find<HTMLAnchorElement>(`[data-go="${key}"]`);
  if (!link) return false;
  location.assign(link.href);
  return true;
}

function pressed(event: KeyboardEvent): boolean {
  const { key } = event;
  if (afterG && Date.now() - afterG < WAIT_MS) {
    afterG = 0;
    return go(key);
  }
  if (key === "g") {
    afterG = Date.now();
    return true;
  }
  if (key === "/") {
    const field = find<HTMLInputElement>("[data-search]") ?? find<HTMLInputElement>('input[type="search"]');
    field?.focus();
    field?.select();
    return field !== null;
  }
  if (key === "?") {
    find<HTMLDialogElement>("#keys")?.showModal();
    return true;
  }
  if (key === "ArrowDown" || key === "j") return step(1);
  if (key === "ArrowUp" || key === "k") return step(-1);
  return false;
}

export function startKeyboard(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (document.documentElement.dataset.drawer) delete document.documentElement.dataset.drawer;
      else if (!closeMenus() && typing(event.target)) (event.target as HTMLElement).blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target) || find("dialog[open]") || find("details.menu[open]")) return;
    if (event.target instanceof Element && event.target.closest("[data-own-keys]")) return;
    if (pressed(event)) event.preventDefault();
  });
}
