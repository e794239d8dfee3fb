// htmx and Alpine find each other through the window; this file must be imported first.
import Alpine from "@alpinejs/csp";
import htmx from "htmx.org";

declare global {
  interface Window {
    htmx: typeof htmx;
    Alpine: typeof Alpine;
  }
}

window.htmx = htmx;
window.Alpine = Alpine;
export { Alpine, htmx };
