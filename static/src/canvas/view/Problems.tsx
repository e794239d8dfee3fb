// What is wrong with the flow, as a list. Each entry leads to its step and field.
import { useEffect, useRef, useState } from "react";
import { useEditor } from "../core/editor";
import { useStore } from "../core/store";
import { Icon } from "./Icon";

export function Problems() {
  const editor = useEditor();
  const problems = useStore(editor.store, (state) => state.problems);
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event) => {
      if (!(event.target instanceof Node && place.current?.contains(event.target))) setOpen(false);
    };
    const escaped = (event: KeyboardEvent) => event.key === "Escape" && setOpen(false);
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("keydown", escaped);
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      document.removeEventListener("keydown", escaped);
    };
  }, [open]);
  const blocking = problems.filter((problem) => problem.blocking).length;
  const hints = problems.length - blocking;
  return (
    <div className="canvas-problems" ref={place}>
      <button className="btn ghost" type="button" aria-expanded={open} disabled={!problems.length} onClick={() => setOpen(!open)}>
        {blocking > 0 && <span className="badge bad"><Icon icon="circle-x" />{blocking} to mend</span>}
        {hints > 0 && <span className="badge warn"><Icon icon="lightbulb" />{hints} {hints === 1 ? "hint" : "hints"}</span>}
        {!problems.length && <span className="badge good"><Icon icon="circle-check" />No problems</span>}
      </button>
      {open && (
        <div className="menu-list problem-list" role="list">
          {problems.map((problem, number) => (
            <div role="listitem" key={number}>
              <button type="button" className={`menu-item two ${problem.blocking ? "bad" : "warn"}`} onClick={() => {
                if (problem.key) editor.reveal(problem.key, problem.inside);
                else if (problem.url) return location.assign(problem.url);
                setOpen(false);
              }}>
                <Icon icon={problem.blocking ? "circle-x" : "lightbulb"} small />
                <span>{problem.sentence}<small>{problem.place}</small></span>
              </button>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
