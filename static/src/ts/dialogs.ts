// <dialog>: opened by data-dialog-open="id", closed by data-dialog-close, Esc or a click beside it.
// A dialog that arrives in #dialog-slot through htmx opens itself. data-confirm asks before a form is sent.
import { find, on } from "./dom";

function open(dialog: HTMLDialogElement): void {
  if (!dialog.open) dialog.showModal();
  find<HTMLElement>("[autofocus], input:not([type=hidden]), textarea, select", dialog)?.focus();
}

export function startDialogs(): void {
  on("click", "[data-dialog-open]", (button, event) => {
    const dialog = document.getElementById(button.dataset.dialogOpen ?? "");
    if (!(dialog instanceof HTMLDialogElement)) return;
    event.preventDefault();
    open(dialog);
  });
  on("click", "[data-dialog-close]", (button) => button.closest("dialog")?.close());
  document.addEventListener("mousedown", (event) => {
    const dialog = event.target;
    if (!(dialog instanceof HTMLDialogElement) || !dialog.open) return;
    const box = dialog.getBoundingClientRect();
    const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
    if (outside && !dialog.hasAttribute("data-keep")) dialog.close();
  });
  document.addEventListener("htmx:after:swap", () => {
    const dialog = find<HTMLDialogElement>("#dialog-slot > dialog");
    if (dialog) open(dialog);
  });
  // A form that came back with errors inside a dialog, on a full page load.
  const waiting = find<HTMLDialogElement>("dialog[data-open]");
  if (waiting) open(waiting);
  on("submit", "form[data-confirm]", (form, event) => {
    if (!window.confirm(form.dataset.confirm ?? "")) event.preventDefault();
  });
  // One press sends one form.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !(event.target instanceof HTMLFormElement)) return;
    const form = event.target;
    if (form.method.toLowerCase() !== "post" || form.matches("[hx-post], [hx-put], [hx-patch], [hx-delete]")) return;
    const button = (event as SubmitEvent).submitter;
    if (button instanceof HTMLButtonElement) setTimeout(() => (button.disabled = true), 0);
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}
