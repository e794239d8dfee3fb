// Above the drawing: undo, order, zoom, search, what is wrong, how saving stands.
import { quick, useEditor } from "../core/editor";
import { useStore } from "../core/store";
import { Icon } from "./Icon";
import { Problems } from "./Problems";
import { Search } from "./Search";

export function Toolbar({ narrow }: { narrow: boolean }) {
  const editor = useEditor();
  const { store } = editor;
  const canUndo = useStore(store, (state) => state.canUndo);
  const canRedo = useStore(store, (state) => state.canRedo);
  const said = useStore(store, (state) => state.said);
  const tone = useStore(store, (state) => state.tone);
  return (
    <div className="canvas-bar" role="toolbar" aria-label="Canvas">
      {editor.mayBuild && (
        <>
          <Tool icon="undo-2" label="Undo (Ctrl+Z)" off={!canUndo} act={() => store.undo()} />
          <Tool icon="redo-2" label="Redo (Shift+Ctrl+Z)" off={!canRedo} act={() => store.redo()} />
          <Tool icon="layout-dashboard" label="Put in order (L)" act={() => editor.tidy()} />
        </>
      )}
      <Tool icon="zoom-out" label="Smaller (-)" act={() => void editor.flow?.zoomOut({ duration: quick(100) })} />
      <Tool icon="zoom-in" label="Larger (+)" act={() => void editor.flow?.zoomIn({ duration: quick(100) })} />
      <Tool icon="maximize" label="Show all (F)" act={() => editor.fit()} />
      {!narrow && <Search />}
      <Problems />
      <span className={`canvas-said ${tone}`} role="status" data-draft-word>
        <Icon icon={editor.mayBuild ? (tone === "bad" ? "triangle-alert" : "cloud-check") : "eye"} small />
        <span>{said}</span>
      </span>
    </div>
  );
}

function Tool({ icon, label, act, off = false }: { icon: string; label: string; act: () => void; off?: boolean }) {
  return (
    <button className="btn ghost square" type="button" title={label} aria-label={label} disabled={off} onClick={act}>
      <Icon icon={icon} />
    </button>
  );
}
