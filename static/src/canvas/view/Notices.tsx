// What has to be decided: somebody else was faster, or something typed was never saved.
import { useState } from "react";
import { useEditor } from "../core/editor";
import { useStore } from "../core/store";
import { Icon } from "./Icon";

export function Notices({ narrow }: { narrow: boolean }) {
  const editor = useEditor();
  const conflict = useStore(editor.store, (state) => state.conflict);
  const left = useStore(editor.store, (state) => state.left);
  const [looks, setLooks] = useState(false);
  if (narrow) {
    return (
      <p className="note canvas-note"><Icon icon="smartphone" /><span className="grow">On a small screen you look at the drawing.</span>
        <a className="link" href={editor.server.outline}>Change it in the outline</a></p>
    );
  }
  return (
    <>
      {conflict && (
        <div className="note bad canvas-note" role="alert">
          <Icon icon="users" />
          <div className="grow">
            <strong>{conflict.who || "Somebody else"} changed this draft{conflict.at && ` at ${new Date(conflict.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`}.</strong>{" "}
            Yours is on this page and not saved.
            {looks && <ul className="conflict-changes">{conflict.changes.length ? conflict.changes.map((change, number) => <li key={number}>{change}</li>) : <li>Nothing that callers would hear.</li>}</ul>}
          </div>
          <button className="link" type="button" onClick={() => setLooks(!looks)} aria-expanded={looks}>{looks ? "Hide" : "Look"}</button>
          <button className="link" type="button" onClick={() => editor.saving?.takeTheirs()}>Take theirs</button>
          <button className="link" type="button" onClick={() => editor.saving?.keepMine()}>Keep mine</button>
        </div>
      )}
      {left && !conflict && (
        <div className="note warn canvas-note">
          <Icon icon="history" />
          <span className="grow">Changes from {new Date(left.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })} were never saved. They are still in this browser.</span>
          <button className="link" type="button" onClick={() => editor.saving?.useLeft()}>Bring them back</button>
          <button className="link" type="button" onClick={() => editor.saving?.dropLeft()}>Drop them</button>
        </div>
      )}
    </>
  );
}
