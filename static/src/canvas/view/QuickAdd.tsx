// A line was dropped: on nothing, then a step is chosen that comes there; from “+”, then which way out it is.
import { useEffect, useRef, useState } from "react";
import type { Addable } from "../core/declared";
import { useEditor } from "../core/editor";
import type { Asked } from "./Flow";
import { Icon } from "./Icon";

export function QuickAdd({ asked, close }: { asked: Asked; close: () => void }) {
  const editor = useEditor();
  const menu = useRef<HTMLDivElement>(null);
  const [way, setWay] = useState<Addable | null>(asked.path ? null : (asked.ways.length === 1 ? asked.ways[0] ?? null : null));
  useEffect(() => {
    const outside = (event: Event) => {
      if (!(event.target instanceof Node && menu.current?.contains(event.target))) close();
    };
    const escaped = (event: KeyboardEvent) => event.key === "Escape" && close();
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("keydown", escaped, true);
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      document.removeEventListener("keydown", escaped, true);
    };
  }, [close]);
  useEffect(() => menu.current?.querySelector("button")?.focus(), [way]);

  const pane = document.querySelector(".canvas-pane")?.getBoundingClientRect();
  const left = Math.max(8, Math.min(asked.screen.x - (pane?.x ?? 0), (pane?.width ?? 800) - 250));
  const top = Math.max(8, Math.min(asked.screen.y - (pane?.y ?? 0), (pane?.height ?? 600) - 420));
  const asksWay = !asked.path && !way;
  return (
    <div className="menu-list quick-add" ref={menu} style={{ left, top }} role="menu">
      <p className="menu-title">{asksWay ? "Which way out?" : "Which step comes here?"}</p>
      {asksWay && asked.ways.map((one) => (
        <button key={one.way.field} className="menu-item" type="button" role="menuitem" onClick={() => {
          if (!asked.to) return setWay(one);
          editor.addWay(asked.from, one, asked.to);
          close();
        }}><Icon icon="corner-down-right" />{one.label}</button>
      ))}
      {!asksWay && editor.kinds.all.map((kind) => (
        <button key={kind.type} className="menu-item" type="button" role="menuitem" onClick={() => {
          editor.add(kind, { x: Math.round(asked.at.x), y: Math.round(asked.at.y - 22) }, asked.path ? { key: asked.from, path: asked.path } : { key: asked.from, way: way! });
          close();
        }}><Icon icon={kind.icon} />{kind.label}</button>
      ))}
    </div>
  );
}
