// The way a conversation took, for whoever shows the flow: canvas and outline listen to `voiceops:path`.

/** `nodes` are all steps that were entered, in order; `current` is where it stands. */
export function lightPath(nodes: string[], current: string): void {
  document.dispatchEvent(new CustomEvent("voiceops:path", { detail: { nodes, current } }));
}
