// Menus are <details class="menu">: one open at a time, closed by Esc or a click elsewhere, arrows move inside.
import { all, on } from "./dom";

function items(menu: HTMLElement): HTMLElement[] {
  return all("a, button, input", menu).filter((element) => element.offsetParent !== null);
}

export function closeMenus(except: Element | null = null): boolean {
  let closed = false;
  for (const menu of all<HTMLDetailsElement>("details.menu[open]")) {
    if (menu === except || menu.contains(except)) continue;
    menu.open = false;
    closed = true;
  }
  return closed;
}

export function startMenus(): void {
  document.addEventListener("click", (event) => closeMenus(event.target instanceof Element ? event.target : null));
  on("keydown", "details.menu[open]", (menu, event) => {
    if (event.key === "Escape") {
      closeMenus();
      menu.querySelector("summary")?.focus();
      event.stopPropagation();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const list = items(menu.querySelector<HTMLElement>(".menu-list") ?? menu);
      const now = list.indexOf(document.activeElement as HTMLElement);
      const next = event.key === "ArrowDown" ? now + 1 : now - 1;
      list[(next + list.length) % list.length]?.focus();
      event.preventDefault();
    }
  });
  // Search in a menu: hides the entries whose words do not hold what is typed.
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || field.dataset.menuSearch === undefined) return;
    const words = field.value.toLowerCase().trim();
    for (const entry of all("[data-menu-entry]", field.closest(".menu-list") ?? document)) {
      entry.hidden = !(entry.textContent ?? "").toLowerCase().includes(words);
    }
  });
}
