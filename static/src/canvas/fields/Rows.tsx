// Rows of a field: questions, topics, rules. They unfold; they are added, removed and moved.
import { useState } from "react";
import { freshRow } from "../core/declared";
import { useEditor } from "../core/editor";
import { title, words } from "../core/names";
import type { Field, Row } from "../core/types";
import { isRow, rowsOf, text } from "../core/types";
import { Icon } from "../view/Icon";
import { Fields } from "./Fields";
import { useForm, type WidgetProps } from "./form";

const NOTHING = "Nothing yet";

export function Rows({ field, value, path, put, readOnly }: WidgetProps) {
  const editor = useEditor();
  const { step } = useForm();
  const rows = rowsOf(value);
  const fields = field.fields ?? [];
  const [added, setAdded] = useState(-1);
  const inside = path.join(".");
  const add = () => {
    const taken = new Set(rows.map((row) => (isRow(row) ? text(row["name"]) : "")));
    put([...rows, freshRow(fields, taken)]);
    setAdded(rows.length);
    editor.store.set({ shown: { key: step, inside: `${inside}.${rows.length}` } });
  };
  const move = (from: number, by: number) => {
    const next = [...rows];
    next.splice(from + by, 0, ...next.splice(from, 1));
    setAdded(from + by);
    put(next);
  };
  const full = rows.length >= (field.most ?? Infinity);
  return (
    <div className="row-list">
      {rows.map((row, number) => (
        <OneRow key={number} fields={fields} row={row} path={[...path, number]} begin={number === added || (rows.length === 1 && headline(fields, isRow(row) ? row : {})[0] === NOTHING)} readOnly={readOnly}
          up={number > 0 ? () => move(number, -1) : null}
          down={number < rows.length - 1 ? () => move(number, 1) : null}
          remove={rows.length > (field.needed ? field.least ?? 0 : 0) ? () => { setAdded(-1); put(rows.filter((_, one) => one !== number)); } : null} />
      ))}
      {!readOnly && !full && <button className="btn" type="button" onClick={add}><Icon icon="plus" />{field.rows ?? "Add one"}</button>}
    </div>
  );
}

interface RowProps {
  fields: readonly Field[];
  row: unknown;
  path: WidgetProps["path"];
  begin: boolean;
  readOnly: boolean;
  up: (() => void) | null;
  down: (() => void) | null;
  remove: (() => void) | null;
}

function OneRow({ fields, row, path, begin, readOnly, up, down, remove }: RowProps) {
  const { problems } = useForm();
  const [open, setOpen] = useState(begin);
  const inside = path.join(".");
  const mine = problems.filter((problem) => problem.inside === inside || problem.inside.startsWith(`${inside}.`));
  const mark = mine.some((problem) => problem.blocking) ? "bad" : mine.length ? "warn" : "";
  const own = mine.filter((problem) => problem.inside === inside);
  const [name, more] = headline(fields, isRow(row) ? row : {});
  return (
    <details className="form-row" data-field={inside} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Icon icon="chevron-right" small />
        <span className="form-row-name">{name}</span>
        <span className="form-row-more">{more}</span>
        {mark && <span className={`step-card-mark ${mark}`}><Icon icon={mark === "bad" ? "circle-x" : "lightbulb"} small /></span>}
      </summary>
      {open && (
        <div className="form-row-body">
          {own.map((problem, number) => <p key={number} className={`problem ${problem.blocking ? "bad" : "warn"}`}><Icon icon="lightbulb" small />{problem.sentence}</p>)}
          {isRow(row) ? <Fields fields={fields} value={row} path={path} /> : <p className="text-muted">This cannot be read. Remove it, or leave it as it is.</p>}
          {!readOnly && (
            <div className="row-buttons">
              {up && <button className="btn ghost square" type="button" aria-label="Move up" title="Move up" onClick={up}><Icon icon="arrow-up" /></button>}
              {down && <button className="btn ghost square" type="button" aria-label="Move down" title="Move down" onClick={down}><Icon icon="arrow-down" /></button>}
              {remove && <button className="btn ghost danger" type="button" onClick={remove}><Icon icon="trash-2" />Remove</button>}
            </div>
          )}
        </div>
      )}
    </details>
  );
}

/** What a folded row says: its first text, and where it leads. */
function headline(fields: readonly Field[], row: Row): [string, string] {
  const said = fields.filter((field) => typeof row[field.name] === "string" && text(row[field.name]) && !["choice", "node", "switch"].includes(field.widget));
  const first = said[0];
  const name = first ? (first.pattern && first.widget === "line" ? words(text(row[first.name])) : text(row[first.name])) : NOTHING;
  const node = fields.find((field) => field.widget === "node");
  const leads = node ? text(row[node.name]) : "";
  return [name.slice(0, 80), leads ? `→ ${title(leads)}` : said[1] ? text(row[said[1].name]).slice(0, 80) : ""];
}
