// Text and expressions: variables are offered while they are typed, and an expression is read as it stands.
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useEditor } from "../core/editor";
import { NAME, identifier, words } from "../core/names";
import { text } from "../core/types";
import { Icon } from "../view/Icon";
import type { WidgetProps } from "./form";
import { useOffers } from "./simple";

const PAUSE_MS = 250;
const MOST = 8;

/** The beginning of a variable before the cursor, and where it began. */
function begun(typed: string, caret: number, expression: boolean): { from: number; part: string } | null {
  const before = typed.slice(0, caret);
  const match = expression ? /(?:^|[^\w."'])([A-Za-z_]\w*)$/.exec(before) : /\{\{\s*(\w*)$/.exec(before);
  if (!match) return null;
  const part = match[1] ?? "";
  return { from: caret - part.length, part: part.toLowerCase() };
}

export function Templated({ field, value, id, put, readOnly }: WidgetProps) {
  const expression = field.widget === "expression";
  const named = field.pattern === NAME;
  const offers = useOffers("variable");
  const box = useRef<HTMLTextAreaElement | HTMLInputElement | null>(null);
  const [caret, setCaret] = useState(-1);
  const [at, setAt] = useState(0);
  const [typing, setTyping] = useState<string | null>(null);
  const held = text(value);
  const shown = typing ?? (named ? words(held) : held);
  const start = caret >= 0 && (expression || field.template) ? begun(shown, caret, expression) : null;
  const found = start ? offers.filter((one) => one.value.toLowerCase().startsWith(start.part) && one.value !== start.part).slice(0, MOST) : [];

  const change = (typed: string, cursor: number | null) => {
    setCaret(cursor ?? -1);
    setAt(0);
    if (named) setTyping(typed);
    else put(typed);
  };
  const leave = () => {
    setCaret(-1);
    if (typing !== null) put(identifier(typing, field.needed ? "entry" : text(field.fresh) || "entry"));
    setTyping(null);
  };
  const take = (name: string) => {
    if (!start) return;
    const rest = shown.slice(start.from + start.part.length);
    const closing = expression || rest.trimStart().startsWith("}}") || rest.trimStart().startsWith("|") ? "" : "}}";
    const next = shown.slice(0, start.from) + name + closing + rest;
    put(next);
    setCaret(-1);
    const to = start.from + name.length + closing.length;
    window.setTimeout(() => { box.current?.focus(); box.current?.setSelectionRange(to, to); });
  };
  const pressed = (event: KeyboardEvent) => {
    if (!found.length) return;
    if (event.key === "ArrowDown") setAt((at + 1) % found.length);
    else if (event.key === "ArrowUp") setAt((at + found.length - 1) % found.length);
    else if (event.key === "Enter" || event.key === "Tab") take(found[at]?.value ?? "");
    else if (event.key === "Escape") setCaret(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const same = {
    id, value: shown, readOnly, maxLength: undefined, onKeyDown: pressed, onBlur: leave, autoComplete: "off",
    onChange: (event: { target: HTMLInputElement | HTMLTextAreaElement }) => change(event.target.value, event.target.selectionStart),
  };
  const long = field.widget === "prose" || field.widget === "prompt";
  return (
    <div className="suggests">
      {long ? (
        <textarea {...same} ref={(one) => { box.current = one; }} rows={field.widget === "prompt" ? 5 : 2} spellCheck className={field.widget === "prompt" ? "prompt" : ""} />
      ) : (
        <input {...same} ref={(one) => { box.current = one; }} type={field.widget === "phone" ? "tel" : "text"} className={expression ? "font-mono" : ""} spellCheck={!expression} placeholder={expression ? "guests > 4" : ""} />
      )}
      {found.length > 0 && (
        <div className="menu-list start" role="listbox">
          {found.map((one, number) => (
            <button key={one.value} type="button" tabIndex={-1} role="option" aria-selected={number === at} className={`menu-item${number === at ? " at" : ""}`}
              onPointerDown={(event) => { event.preventDefault(); take(one.value); }}><Icon icon="variable" />{one.value}</button>
          ))}
        </div>
      )}
      {expression && <Reads expression={held} />}
    </div>
  );
}

/** What is wrong with an expression, as soon as the typing pauses. */
function Reads({ expression }: { expression: string }) {
  const editor = useEditor();
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    if (!expression.trim() || !editor.mayBuild) return setWrong("");
    let current = true;
    const timer = window.setTimeout(() => void editor.server.expression(expression).then((error) => current && setWrong(error)), PAUSE_MS);
    return () => {
      current = false;
      window.clearTimeout(timer);
    };
  }, [expression, editor]);
  return wrong ? <p className="problem bad" role="alert"><Icon icon="circle-x" small />{wrong}</p> : null;
}
