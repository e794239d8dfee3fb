// The frame: theme switch, rail to icons, drawer on phones.
import { all, find, on } from "./dom";

const root = document.documentElement;

function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Storage can be forbidden; the choice then lasts for this page.
  }
}

function showTheme(): void {
  const theme = root.dataset.theme ?? "system";
  for (const button of all("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === theme));
  }
}

export function startShell(): void {
  on("click", "[data-theme-set]", (button) => {
    const theme = button.dataset.themeSet ?? "system";
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    keep("theme", theme === "system" ? null : theme);
    showTheme();
    document.dispatchEvent(new CustomEvent("theme:changed"));
  });
  on("click", "[data-rail-toggle]", () => {
    const icons = root.dataset.rail !== "icons";
    if (icons) root.dataset.rail = "icons";
    else delete root.dataset.rail;
    keep("rail", icons ? "icons" : null);
  });
  on("click", "[data-drawer-toggle]", () => {
    const open = root.dataset.drawer !== "open";
    if (open) root.dataset.drawer = "open";
    else delete root.dataset.drawer;
    if (open) find(".rail a")?.focus();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    document.dispatchEvent(new CustomEvent("theme:changed")),
  );
  showTheme();
}
