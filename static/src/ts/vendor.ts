// htmx reads its <meta name="htmx-config"> when it is loaded and answers to the window's name for the console's sake.
import htmx from "htmx.org";

declare global {
  interface Window {
    htmx: typeof htmx;
  }
}

window.htmx = htmx;
export { htmx };
