// One box that ticks a whole column: <input type="checkbox" data-tick-all="agent"> for the boxes called “agent” of its form.
import { all, on } from "./dom";

export function startTicks(): void {
  on("change", "[data-tick-all]", (box) => {
    if (!(box instanceof HTMLInputElement)) return;
    const scope = box.closest("form") ?? document;
    for (const one of all<HTMLInputElement>(`input[type=checkbox][name="${box.dataset.tickAll}"]`, scope)) one.checked = box.checked;
  });
}
