// Runs before the first paint, so that neither the theme nor the rail jumps.
const root = document.documentElement;
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (localStorage.getItem("rail") === "icons") root.dataset.rail = "icons";
} catch {
  // Storage can be forbidden; then the system's theme and the wide rail stand.
}
