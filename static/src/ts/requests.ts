// htmx: the CSRF token travels with every request that writes, and a failed request says so in words.
import { meta } from "./dom";
import { toast } from "./toasts";

interface RequestEvent {
  ctx: { request: { method: string; headers: Record<string, string> }; response?: { raw?: Response } };
}

export function startRequests(): void {
  document.addEventListener("htmx:config:request", (event) => {
    const { request } = (event as CustomEvent<RequestEvent>).detail.ctx;
    if (!/^(GET|HEAD)$/i.test(request.method)) request.headers["X-CSRFToken"] = meta("csrf");
  });
  document.addEventListener("htmx:response:error", (event) => {
    const raw = (event as CustomEvent<RequestEvent>).detail.ctx.response?.raw;
    const status = raw?.status ?? 0;
    if (status === 422) return;
    const reference = raw?.headers.get("X-Request-ID") ?? "";
    if (status === 404) toast("That is no longer here. Reload the page to see what is.", "warn");
    else if (status === 429) toast("Too many tries in a short time. Wait a minute, then try again.", "warn");
    else if (status === 403) toast("The page was open for too long. Reload it and try again; nothing was changed.", "warn");
    else toast(`The server could not do that, and nothing was changed.${reference ? ` Reference ${reference}.` : ""}`, "bad");
  });
  document.addEventListener("htmx:error", (event) => {
    const source = event.target;
    if (source instanceof Element && source.closest("[data-live]")) return;
    if (navigator.onLine === false) toast("You are offline. Nothing was changed.", "warn");
  });
}
