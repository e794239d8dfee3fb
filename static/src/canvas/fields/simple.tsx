// Widgets that need no more than one control.
import { useMemo, useState } from "react";
import { idOf } from "../core/drawing";
import { useEditor } from "../core/editor";
import { variablesOf } from "../core/declared";
import { identifier, title } from "../core/names";
import { useStore } from "../core/store";
import { isRow, rowsOf, text } from "../core/types";
import { Icon } from "../view/Icon";
import type { WidgetProps } from "./form";

export function Switch({ field, value, id, put, readOnly }: WidgetProps) {
  return (
    <label className="check" htmlFor={id}>
      <input id={id} type="checkbox" className="switch" checked={value === true} disabled={readOnly} onChange={(event) => put(event.target.checked)} />
      <span>{field.title}</span>
    </label>
  );
}

/** What is no number stays as it was typed, and is said to be none. */
export function Numeric({ field, value, id, put, readOnly }: WidgetProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const change = (entry: string) => {
    setTyped(entry);
    const plain = entry.trim().replace(",", ".");
    if (!plain) put(field.optional ? null : field.fresh);
    else put(/^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : entry);
  };
  return (
    <input id={id} inputMode="decimal" value={typed ?? text(value)} readOnly={readOnly} placeholder={field.optional ? "As the agent" : ""}
      onChange={(event) => change(event.target.value)} onBlur={() => setTyped(null)} />
  );
}

export function Select({ field, value, id, put, readOnly }: WidgetProps) {
  const choices = field.choices ?? [];
  const at = choices.findIndex(([one]) => one === (value ?? null));
  return (
    <select id={id} value={at < 0 ? "?" : String(at)} disabled={readOnly} onChange={(event) => put(choices[Number(event.target.value)]?.[0])}>
      {at < 0 && <option value="?">{text(value) || "Choose"}</option>}
      {choices.map(([one, label], number) => <option key={String(one)} value={number}>{label}</option>)}
    </select>
  );
}

/** One entry a line. Empty lines are left out when the field is left, not while typing. */
export function Lines({ field, value, id, put, readOnly }: WidgetProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const change = (entry: string) => {
    setTyped(entry);
    put(entry.split("\n").map((line) => line.trim()).filter(Boolean));
  };
  return (
    <textarea id={id} rows={2} value={typed ?? rowsOf(value).map(text).join("\n")} readOnly={readOnly} placeholder={field.help ? "" : "One a line"}
      onChange={(event) => change(event.target.value)} onBlur={() => setTyped(null)} />
  );
}

export function NodeChooser({ field, value, id, put, readOnly }: WidgetProps) {
  const editor = useEditor();
  const steps = useStore(editor.store, (state) => state.drawing.steps);
  const entries = useMemo(() => steps.map(idOf).filter(Boolean).map((one): [string, string] => [one, title(one)]).sort((a, b) => a[1].localeCompare(b[1])), [steps]);
  const held = text(value);
  const known = !held || entries.some(([one]) => one === held);
  return (
    <div className="with-button">
      <select id={id} value={held} disabled={readOnly} onChange={(event) => put(event.target.value || (field.optional ? null : ""))}>
        <option value="">{field.needed ? "Choose a step" : "Nowhere"}</option>
        {!known && <option value={held}>{title(held)} (does not exist)</option>}
        {entries.map(([one, label]) => <option key={one} value={one}>{label}</option>)}
      </select>
      {held && known && <button className="btn square" type="button" title="Go there" aria-label={`Go to ${title(held)}`} onClick={() => editor.revealId(held)}><Icon icon="locate" /></button>}
    </div>
  );
}

/** A name among known ones; another may be typed. */
export function Chooser({ field, value, id, put, readOnly }: WidgetProps) {
  const offers = useOffers(field.widget);
  const list = `${id}-list`;
  const free = field.widget === "agent";
  return (
    <>
      <input id={id} list={list} value={text(value)} readOnly={readOnly} maxLength={120} autoComplete="off" spellCheck={false}
        onChange={(event) => put(event.target.value)}
        onBlur={(event) => !free && event.target.value && put(identifier(event.target.value, "value"))} />
      <datalist id={list}>{offers.map((one) => <option key={one.value} value={one.value}>{one.text}</option>)}</datalist>
    </>
  );
}

/** Several names among known ones. */
export function Many({ field, value, id, put, readOnly }: WidgetProps) {
  const offers = useOffers(field.widget);
  const [typed, setTyped] = useState("");
  const held = rowsOf(value).map(text);
  const left = offers.filter((one) => !held.includes(one.value));
  const add = (name: string) => {
    const known = offers.some((one) => one.value === name) ? name : identifier(name, "name");
    if (name.trim() && !held.includes(known)) put([...held, known]);
    setTyped("");
  };
  return (
    <div className="many">
      {held.map((one) => (
        <span key={one} className="chip on">{one}{!readOnly && <button type="button" aria-label={`Remove ${one}`} onClick={() => put(held.filter((other) => other !== one))}><Icon icon="x" small /></button>}</span>
      ))}
      {!readOnly && (
        <>
          <input id={id} list={`${id}-list`} value={typed} placeholder={left.length ? "Choose one" : "Type a name"} autoComplete="off" spellCheck={false}
            onChange={(event) => (left.some((one) => one.value === event.target.value) ? add(event.target.value) : setTyped(event.target.value))}
            onBlur={(event) => add(event.target.value)}
            onKeyDown={(event) => { if (event.key === "Enter") { event.preventDefault(); add(typed); } }} />
          <datalist id={`${id}-list`}>{left.map((one) => <option key={one.value} value={one.value}>{one.text}</option>)}</datalist>
        </>
      )}
    </div>
  );
}

/** What the server offers for a widget; for variables also those that the flow itself keeps. */
export function useOffers(widget: WidgetProps["field"]["widget"]): readonly { value: string; text: string }[] {
  const editor = useEditor();
  const drawing = useStore(editor.store, (state) => (widget === "variable" ? state.drawing : null));
  return useMemo(() => {
    const offered = editor.offers(widget);
    if (!drawing) return offered;
    const found = new Set<string>();
    variablesOf(editor.kinds.start.fields, drawing.start, found);
    for (const step of drawing.steps) {
      const kind = editor.kinds.of(step.value);
      if (kind && isRow(step.value)) variablesOf(kind.fields, step.value, found);
    }
    for (const one of offered) found.delete(one.value);
    return [...[...found].sort().map((value) => ({ value, text: "" })), ...offered];
  }, [drawing, editor, widget]);
}
