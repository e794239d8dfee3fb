// The way a conversation took, for whoever shows the flow: canvas and outline listen to `voiceops:path`, and ask for the
// last one with `voiceops:where` when they have come later.

let last = { nodes: [] as string[], current: "" };

function tell(): void {
  document.dispatchEvent(new CustomEvent("voiceops:path", { detail: last }));
}

/** `nodes` are all steps that were entered, in order; `current` is where it stands. */
export function lightPath(nodes: string[], current: string): void {
  last = { nodes, current };
  tell();
}

document.addEventListener("voiceops:where", tell);
