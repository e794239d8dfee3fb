// A way from one step to another: a curve, or along a lane between the cards. While one of its ends is dragged, a curve.
import { BaseEdge, getBezierPath, type Edge, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { pathAlong, type Lane } from "../core/route";

/** How far an end may be from where its lane was found for. */
const STILL = 10;

export type LineEdge = Edge<{ lane: Lane | null; ends: readonly number[] }, "line">;

function LineView({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data, markerEnd, interactionWidth }: EdgeProps<LineEdge>) {
  const now = [sourceX, sourceY, targetX, targetY];
  const still = data?.ends.every((one, number) => Math.abs(one - now[number]!) < STILL);
  const path = still && data?.lane
    ? pathAlong(data.lane, { x: sourceX, y: sourceY }, { x: targetX, y: targetY })
    : getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition })[0];
  return <BaseEdge path={path} {...(markerEnd ? { markerEnd } : {})} {...(interactionWidth ? { interactionWidth } : {})} />;
}

export const Line = memo(LineView);
