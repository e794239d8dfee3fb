// A form from declared fields. A field is described where it is declared; here stands only how each widget looks.
import { useId } from "react";
import { useEditor } from "../core/editor";
import type { Field, Path, Row } from "../core/types";
import { isRow } from "../core/types";
import { Icon } from "../view/Icon";
import { useForm, type WidgetProps } from "./form";
import { Rows } from "./Rows";
import { Chooser, Lines, Many, NodeChooser, Numeric, Select, Switch } from "./simple";
import { Templated } from "./Templated";

export function Fields({ fields, value, path }: { fields: readonly Field[]; value: Row; path: Path }) {
  const plain = fields.filter((field) => !field.advanced);
  const advanced = fields.filter((field) => field.advanced);
  return (
    <div className="fields">
      {plain.map((field) => <One key={field.name} field={field} value={value[field.name]} path={[...path, field.name]} />)}
      {advanced.length > 0 && (
        <details className="more-fields">
          <summary><Icon icon="chevron-right" small />More</summary>
          <div className="fields">{advanced.map((field) => <One key={field.name} field={field} value={value[field.name]} path={[...path, field.name]} />)}</div>
        </details>
      )}
    </div>
  );
}

function One({ field, value, path }: { field: Field; value: unknown; path: Path }) {
  const editor = useEditor();
  const { step, problems } = useForm();
  const id = useId();
  const inside = path.join(".");
  const own = problems.filter((problem) => problem.inside === inside);
  const put = (next: unknown) => editor.put(step, path, next);
  const props: WidgetProps = { field, value, path, id, put, readOnly: !editor.mayBuild };
  const grouped = field.widget === "rows" || field.widget === "turns" || field.widget === "group";
  const faults = own.map((problem, number) => (
    <p key={number} className={`problem ${problem.blocking ? "bad" : "warn"}`} role={problem.blocking ? "alert" : undefined}>
      <Icon icon={problem.blocking ? "circle-x" : "lightbulb"} small />{problem.sentence}
    </p>
  ));
  if (field.widget === "switch") {
    return <div className="field" data-field={inside}><Switch {...props} />{field.help && <p className="help">{field.help}</p>}{faults}</div>;
  }
  const title = <>{field.title}{!field.needed && !grouped && field.widget !== "choice" && field.widget !== "number" && <span className="optional"> optional</span>}</>;
  return (
    <div className={`field${own.some((problem) => problem.blocking) ? " invalid" : ""}`} data-field={inside} role={grouped ? "group" : undefined} aria-labelledby={grouped ? id : undefined}>
      {grouped ? <span className="legend-line" id={id}>{title}</span> : <label htmlFor={id}>{title}</label>}
      {field.help && <p className="help">{field.help}</p>}
      <Widget {...props} />
      {faults}
    </div>
  );
}

function Widget(props: WidgetProps) {
  const { field, value, path } = props;
  switch (field.widget) {
    case "prose": case "prompt": case "line": case "phone": case "expression":
      return <Templated {...props} />;
    case "lines": return <Lines {...props} />;
    case "node": return <NodeChooser {...props} />;
    case "number": return <Numeric {...props} />;
    case "choice": return <Select {...props} />;
    case "rows": return <Rows {...props} />;
    case "turns": case "group": return <div className="field-inset"><Fields fields={field.fields ?? []} value={isRow(value) ? value : {}} path={path} /></div>;
    case "tool": case "bases": case "pairs": return field.type === "array" ? <Many {...props} /> : <Chooser {...props} />;
    case "clip": case "agent": case "variable": return <Chooser {...props} />;
    case "switch": return <Switch {...props} />;
  }
}
