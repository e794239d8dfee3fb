// data-copy="value": puts it on the clipboard and shows that it is there.
import { icon, on } from "./dom";
import { toast } from "./toasts";

async function put(text: string): Promise<void> {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  // Without https there is no clipboard API; a selected field still copies.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "sr-only";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("copy refused");
}

export function startCopying(): void {
  on("click", "[data-copy]", async (button, event) => {
    event.preventDefault();
    try {
      await put(button.dataset.copy ?? "");
    } catch {
      toast("The browser did not allow copying. Select the text and copy it by hand.", "warn");
      return;
    }
    const before = [...button.childNodes];
    button.dataset.copied = "";
    button.replaceChildren(icon("check"));
    setTimeout(() => {
      delete button.dataset.copied;
      button.replaceChildren(...before);
    }, 1500);
  });
}
