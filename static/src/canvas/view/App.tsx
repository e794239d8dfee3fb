import { ReactFlowProvider } from "@xyflow/react";
import { useRef } from "react";
import { useEditor } from "../core/editor";
import { useKeys } from "./keys";
import { Flow } from "./Flow";
import { Notices } from "./Notices";
import { Palette } from "./Palette";
import { Panel } from "./Panel";
import { Toolbar } from "./Toolbar";

export function App({ narrow }: { narrow: boolean }) {
  const editor = useEditor();
  const root = useRef<HTMLDivElement>(null);
  useKeys(root);
  return (
    <div className={`canvas-app${editor.mayBuild ? "" : " reading"}`} ref={root} tabIndex={-1}>
      <ReactFlowProvider>
        <Toolbar narrow={narrow} />
        <Notices narrow={narrow} />
        <div className="canvas-body">
          {editor.mayBuild && <Palette />}
          <Flow narrow={narrow} />
          {!narrow && <Panel />}
        </div>
      </ReactFlowProvider>
    </div>
  );
}
