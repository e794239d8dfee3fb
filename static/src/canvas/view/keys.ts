// The keys of the canvas. They work wherever the focus is on the page, but for those that would type into a field.
import { useEffect, type RefObject } from "react";
import { typing } from "../../ts/dom";
import type { Editor } from "../core/editor";
import { quick, useEditor } from "../core/editor";

const STEP = 10;
const LEAP = 50;
const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function useKeys(root: RefObject<HTMLDivElement | null>): void {
  const editor = useEditor();
  useEffect(() => {
    const here = (target: EventTarget | null) =>
      target === document.body || (target instanceof Node && !!root.current?.contains(target));
    const keydown = (event: KeyboardEvent) => {
      if (here(event.target) && !document.querySelector("dialog[open]") && pressed(editor, event, root.current)) {
        event.preventDefault();
        event.stopPropagation();
      }
    };
    const copied = (event: ClipboardEvent) => {
      if (!here(event.target) || typing(event.target) || window.getSelection()?.toString()) return;
      const text = editor.copy();
      if (!text) return;
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
      if (event.type === "cut") editor.remove();
    };
    const pasted = (event: ClipboardEvent) => {
      if (!here(event.target) || typing(event.target)) return;
      if (editor.paste(event.clipboardData?.getData("text/plain") ?? "")) event.preventDefault();
    };
    document.addEventListener("keydown", keydown, true);
    for (const kind of ["copy", "cut"] as const) document.addEventListener(kind, copied);
    document.addEventListener("paste", pasted);
    return () => {
      document.removeEventListener("keydown", keydown, true);
      for (const kind of ["copy", "cut"] as const) document.removeEventListener(kind, copied);
      document.removeEventListener("paste", pasted);
    };
  }, [editor, root]);
}

/** Whether the key meant something here. */
function pressed(editor: Editor, event: KeyboardEvent, root: HTMLElement | null): boolean {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if ((event.ctrlKey || event.metaKey) && !event.altKey) {
    if (key === "z" || key === "y") {
      if (key === "y" || event.shiftKey) editor.store.redo();
      else editor.store.undo();
      return true;
    }
    if (typing(event.target)) return false;
    if (key === "a") editor.chooseAll();
    else if (key === "d") editor.duplicate();
    else return false;
    return true;
  }
  if (key === "Escape") return escaped(editor, event, root);
  if (typing(event.target) || event.altKey) return false;
  if (key === "/") {
    root?.querySelector<HTMLInputElement>(".canvas-search input")?.focus();
    return true;
  }
  if (key === "Delete" || key === "Backspace") {
    if (editor.cutChosenLines()) return true;
    editor.remove();
    return true;
  }
  if (key === "Enter" && event.target instanceof Element) {
    const focused = event.target.closest<HTMLElement>(".react-flow__node")?.dataset["id"];
    if (focused) editor.store.choose([focused]);
    return !!focused;
  }
  const arrow = ARROWS[key];
  if (arrow && editor.store.state.chosen.size && editor.mayBuild) {
    const by = event.shiftKey ? LEAP : STEP;
    editor.nudge(arrow[0] * by, arrow[1] * by);
    return true;
  }
  if (key === "f" || key === "0") editor.fit();
  else if (key === "l") editor.tidy();
  else if (key === "+" || key === "=") void editor.flow?.zoomIn({ duration: quick(100) });
  else if (key === "-") void editor.flow?.zoomOut({ duration: quick(100) });
  else return false;
  return true;
}

/** Leaves the field first, then the choice. */
function escaped(editor: Editor, event: KeyboardEvent, root: HTMLElement | null): boolean {
  if (event.defaultPrevented || document.querySelector(".quick-add")) return false;
  if (typing(event.target) && event.target instanceof HTMLElement) {
    root?.focus();
    return true;
  }
  if (!editor.store.state.chosen.size) return false;
  editor.store.choose([]);
  return true;
}
