// A step on the canvas: what it is called, its first words, and a row for each way out.
import { Handle, Position, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import type { Card as CardNode } from "../core/graph";
import { START } from "../core/drawing";
import { words } from "../core/names";
import { Icon } from "./Icon";

function CardView({ id, data, selected, isConnectable }: NodeProps<CardNode>) {
  const { kind, exits, mark, lit } = data;
  const lost = data.lost ? new Set(data.lost.split(" ")) : null;
  const classes = ["step-card", selected && "chosen", mark, lit && `lit-${lit}`, id === START && "start"].filter(Boolean).join(" ");
  return (
    <div className={classes}>
      {id !== START && <Handle type="target" id="in" position={Position.Left} isConnectable={isConnectable} />}
      <header>
        <Icon icon={kind?.icon ?? "circle-help"} />
        <div className="step-card-name">
          <strong>{data.title}</strong>
          <small>{kind ? (id === START ? kind.text : kind.label) : data.unknown ? `Unknown kind “${data.unknown}”` : "Cannot be read"}</small>
        </div>
        {mark && (
          <span className={`step-card-mark ${mark}`} title={mark === "bad" ? "To mend before publishing" : "A hint"}>
            <Icon icon={mark === "bad" ? "circle-x" : "lightbulb"} small />
          </span>
        )}
      </header>
      {data.words && <p className={data.lines === 2 ? "step-card-words two" : "step-card-words"}>{data.words}</p>}
      {exits.length > 0 && (
        <ul className="step-card-exits">
          {exits.map((exit) => (
            <li key={exit.id} className={`${exit.how}${exit.target ? "" : " open"}${lost?.has(exit.id) ? " lost" : ""}`}>
              <span>{exit.how === "intent" ? words(exit.label) : exit.label}</span>
              <Handle type="source" id={exit.id} position={Position.Right} isConnectable={isConnectable} />
            </li>
          ))}
        </ul>
      )}
      {data.more && (
        <Handle type="source" id="+" position={Position.Bottom} className="more" title="Drag to add a way out" isConnectable={isConnectable}>
          <Icon icon="plus" small />
        </Handle>
      )}
    </div>
  );
}

export const Card = memo(CardView, (before, after) => before.data === after.data && before.selected === after.selected && before.isConnectable === after.isConnectable);
