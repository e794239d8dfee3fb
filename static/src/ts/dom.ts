// Small helpers. Events are delegated from the document, so that what htmx brings works without set-up.

export function on<K extends keyof DocumentEventMap>(
  kind: K,
  selector: string,
  act: (element: HTMLElement, event: DocumentEventMap[K]) => void,
): void {
  document.addEventListener(kind, (event) => {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null;
    if (target) act(target, event);
  });
}

export function find<T extends Element = HTMLElement>(selector: string, inside: ParentNode = document): T | null {
  return inside.querySelector<T>(selector);
}

export function all<T extends Element = HTMLElement>(selector: string, inside: ParentNode = document): T[] {
  return [...inside.querySelectorAll<T>(selector)];
}

export function meta(name: string): string {
  return find<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** The sprite is named by <meta name="icons">; `picture` is a name that the build finds as icon("…"). */
export function icon(picture: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${meta("icons")}#${picture}`);
  svg.append(use);
  return svg;
}

/** 102.4 → "1:42". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

export function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Canvas needs real colours: resolves a token as the page shows it now, mixed as `percent` of itself with `ground`. */
export function token(name: string, percent = 100, ground = "var(--surface)"): string {
  const probe = make("span");
  probe.hidden = true;
  probe.style.color = percent === 100 ? `var(--${name})` : `color-mix(in srgb, var(--${name}) ${percent}%, ${ground})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
