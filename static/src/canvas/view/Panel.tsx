// The chosen step, to read and to change: its name, then a form made from its kind's declared fields.
import { useEffect, useRef, useState } from "react";
import { START, idOf } from "../core/drawing";
import { valueOf } from "../core/editing";
import { useEditor } from "../core/editor";
import { title } from "../core/names";
import { useStore } from "../core/store";
import type { Kind, Row } from "../core/types";
import { isRow } from "../core/types";
import { FormContext, type Form } from "../fields/form";
import { Fields } from "../fields/Fields";
import { Icon } from "./Icon";

const WIDE = 360;

export function Panel() {
  const editor = useEditor();
  const chosen = useStore(editor.store, (state) => state.chosen);
  const only = chosen.size === 1 ? [...chosen][0] ?? "" : "";
  const value = useStore(editor.store, (state) => (only ? valueOf(state.drawing, only) : undefined));
  if (chosen.size > 1) return <Many count={chosen.size} />;
  if (!only || value === undefined) return null;
  const kind = editor.kindOf(only);
  return <One key={only} step={only} value={value} kind={kind} />;
}

function Many({ count }: { count: number }) {
  const editor = useEditor();
  return (
    <aside className="canvas-panel" aria-label="Chosen steps">
      <header><h2>{count} steps</h2><Close /></header>
      <div className="canvas-panel-body">
        <p className="text-muted">Drag them, or move them with the arrow keys. Ctrl+C copies them, with the ways among them.</p>
        {editor.mayBuild && (
          <div className="form-actions">
            <button className="btn" type="button" onClick={() => editor.duplicate()}><Icon icon="copy" />Duplicate</button>
            <button className="btn danger" type="button" onClick={() => editor.remove()}><Icon icon="trash-2" />Delete</button>
          </div>
        )}
      </div>
    </aside>
  );
}

function One({ step, value, kind }: { step: string; value: unknown; kind: Kind | undefined }) {
  const editor = useEditor();
  const shown = useStore(editor.store, (state) => state.shown);
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!shown || shown.key !== step) return;
    editor.store.set({ shown: null });
    showField(body.current, shown.inside);
  }, [shown, step, editor]);
  useEffect(() => editor.showBeside(step, WIDE), [step, editor]);
  const problems = useStore(editor.store, (state) => state.problems);
  const own = problems.filter((problem) => problem.key === step && !problem.inside.includes(".") && !(kind?.fields.some((field) => field.name === problem.inside)));
  const form: Form = { step, problems: problems.filter((problem) => problem.key === step) };
  return (
    <aside className="canvas-panel" aria-label="The chosen step">
      <header>
        <Icon icon={kind?.icon ?? "circle-help"} />
        {step === START ? <h2>{kind?.label}</h2> : <Name step={step} />}
        <Close />
      </header>
      <div className="canvas-panel-body draft" ref={body}>
        <p className="text-muted text-sm">{kind?.text ?? "This is no kind of step that is known. It stays as it is until you delete it."}</p>
        {own.map((problem, number) => (
          <p key={number} className={`problem ${problem.blocking ? "bad" : "warn"}`}><Icon icon={problem.blocking ? "circle-x" : "lightbulb"} small />{problem.sentence}</p>
        ))}
        {kind && isRow(value) ? (
          <FormContext.Provider value={form}>
            <Fields fields={kind.fields} value={value as Row} path={[]} />
          </FormContext.Provider>
        ) : <pre className="canvas-raw">{JSON.stringify(value, null, 1)?.slice(0, 2000)}</pre>}
      </div>
      {step !== START && editor.mayBuild && (
        <footer>
          <button className="btn ghost" type="button" onClick={() => editor.duplicate()}><Icon icon="copy" />Duplicate</button>
          <button className="btn danger ghost" type="button" onClick={() => editor.remove()}><Icon icon="trash-2" />Delete</button>
        </footer>
      )}
    </aside>
  );
}

function Close() {
  const editor = useEditor();
  return <button className="btn ghost square" type="button" aria-label="Close" title="Close (Esc)" onClick={() => editor.store.choose([])}><Icon icon="x" /></button>;
}

/** The step's name in words. Taken when the field is left; whatever leads to the step follows. */
function Name({ step }: { step: string }) {
  const editor = useEditor();
  const id = useStore(editor.store, (state) => {
    const found = state.drawing.steps.find((one) => one.key === step);
    return found ? idOf(found) : "";
  });
  const [typed, setTyped] = useState<string | null>(null);
  const take = () => {
    if (typed !== null && typed.trim() && typed !== title(id)) editor.rename(step, typed);
    setTyped(null);
  };
  return (
    <input
      className="input step-name" aria-label="Name of the step" data-field="id" value={typed ?? title(id)} readOnly={!editor.mayBuild} maxLength={60}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
    />
  );
}

/** Opens what hides the field at `inside`, scrolls there and puts the cursor into it. */
function showField(body: HTMLElement | null, inside: string): void {
  if (!body || !inside) return;
  const parts = inside.split(".");
  let target: HTMLElement | null = null;
  while (parts.length && !target) {
    target = body.parentElement?.querySelector<HTMLElement>(`[data-field="${CSS.escape(parts.join("."))}"]`) ?? null;
    parts.pop();
  }
  if (!target) return;
  for (let up: HTMLElement | null = target; up && up !== body; up = up.parentElement) if (up instanceof HTMLDetailsElement) up.open = true;
  target.scrollIntoView({ block: "center" });
  const field = target.matches("input, textarea, select") ? target : target.querySelector<HTMLElement>("textarea, input, select");
  field?.focus({ preventScroll: true });
}
