// “/” finds steps by what they are called and by every text in them, and goes there.
import { useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { Drawing } from "../core/drawing";
import { START, idOf } from "../core/drawing";
import { useEditor } from "../core/editor";
import { title } from "../core/names";
import { useStore } from "../core/store";
import { isRow } from "../core/types";
import { Icon } from "./Icon";

const MOST = 12;

interface Found {
  key: string;
  title: string;
  excerpt: string;
  icon: string;
}

export function Search() {
  const editor = useEditor();
  const drawing = useStore(editor.store, (state) => state.drawing);
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const found = useMemo(() => {
    if (!open || !typed.trim()) return [];
    return matches(drawing, typed.trim().toLowerCase()).map((one) => ({ ...one, icon: editor.kindOf(one.key)?.icon ?? "circle-help" }));
  }, [drawing, typed, open, editor]);

  const go = (one: Found | undefined) => {
    if (!one) return;
    setOpen(false);
    input.current?.blur();
    editor.reveal(one.key);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "Enter") go(found[at]);
    else if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Escape") setTyped("");
    else return;
    if (event.key !== "Escape") event.preventDefault();
  };
  return (
    <div className="search canvas-search">
      <Icon icon="search" />
      <input
        ref={input} className="input" type="search" placeholder="Find a step" aria-label="Find a step" data-search value={typed}
        onChange={(event) => { setTyped(event.target.value); setAt(0); setOpen(true); }}
        onFocus={(event) => { setOpen(true); event.target.select(); }}
        onBlur={() => window.setTimeout(() => setOpen(false), 150)}
        onKeyDown={pressed}
      />
      {open && typed.trim() && (
        <div className="menu-list start canvas-found" role="listbox">
          {found.map((one, number) => (
            <button key={one.key} type="button" role="option" aria-selected={number === at} tabIndex={-1}
              className={`menu-item two${number === at ? " at" : ""}`} onPointerDown={(event) => { event.preventDefault(); go(one); }}>
              <Icon icon={one.icon} /><span>{one.title}<small>{one.excerpt}</small></span>
            </button>
          ))}
          {!found.length && <p className="menu-title">No step has these words.</p>}
        </div>
      )}
    </div>
  );
}

function matches(drawing: Drawing, wanted: string): Omit<Found, "icon">[] {
  const all = [
    { key: START, title: "Start", value: drawing.start as unknown },
    ...drawing.steps.map((step) => ({ key: step.key, title: title(idOf(step)), value: step.value })),
  ];
  const named = all.filter((one) => one.title.toLowerCase().includes(wanted)).map(({ key, title }) => ({ key, title, excerpt: "" }));
  const keys = new Set(named.map((one) => one.key));
  const said = all.filter((one) => !keys.has(one.key)).flatMap(({ key, title, value }) => {
    const text = textWith(value, wanted);
    return text ? [{ key, title, excerpt: excerpt(text, wanted) }] : [];
  });
  return [...named, ...said].slice(0, MOST);
}

function textWith(value: unknown, wanted: string): string {
  if (typeof value === "string") return value.toLowerCase().includes(wanted) ? value : "";
  const inner = Array.isArray(value) ? value : isRow(value) ? Object.values(value) : [];
  for (const one of inner) {
    const found = textWith(one, wanted);
    if (found) return found;
  }
  return "";
}

function excerpt(text: string, wanted: string): string {
  const at = text.toLowerCase().indexOf(wanted);
  const begin = Math.max(0, at - 20);
  return `${begin ? "…" : ""}${text.slice(begin, begin + 60)}`;
}
