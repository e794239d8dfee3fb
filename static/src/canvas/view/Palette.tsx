// The kinds of steps, by group. Drag one onto the canvas, or click it.
import { useEditor } from "../core/editor";
import type { Kind } from "../core/types";
import { STEP } from "./Flow";
import { Icon } from "./Icon";

export function Palette() {
  const { kinds } = useEditor();
  const groups = new Map<string, Kind[]>();
  for (const kind of kinds.all) groups.set(kind.group, [...(groups.get(kind.group) ?? []), kind]);
  return (
    <aside className="canvas-palette" aria-label="Steps to add">
      {[...groups].map(([group, members]) => (
        <section key={group}>
          <h3>{group}</h3>
          {members.map((kind) => <Item key={kind.type} kind={kind} />)}
        </section>
      ))}
    </aside>
  );
}

function Item({ kind }: { kind: Kind }) {
  const editor = useEditor();
  return (
    <button
      type="button"
      className="palette-item"
      title={kind.text}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData(STEP, kind.type);
        event.dataTransfer.effectAllowed = "copy";
      }}
      onClick={() => editor.add(kind)}
    >
      <Icon icon={kind.icon} />
      <span>{kind.label}</span>
    </button>
  );
}
