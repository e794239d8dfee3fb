// The drawing itself: React Flow with our cards. What is dragged moves here; where it ends is told to the editor.
import {
  Background, MiniMap, ReactFlow, SelectionMode, applyNodeChanges, useStore as useView,
  type Connection, type FinalConnectionState, type NodeChange, type OnSelectionChangeParams,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState, type DragEvent } from "react";
import type { Addable } from "../core/declared";
import { START } from "../core/drawing";
import type { Point } from "../core/editing";
import { pathOf, useEditor } from "../core/editor";
import { Graph, type Card as CardNode } from "../core/graph";
import { useStore, type State } from "../core/store";
import type { Path } from "../core/types";
import { Card } from "./Card";
import { Line, type LineEdge } from "./Line";
import { QuickAdd } from "./QuickAdd";

export const STEP = "application/x-voiceops-step";
const NODE_TYPES = { card: Card };
const LINE_TYPES = { line: Line };
const MANY = 80;
const FAR = 0.35;
/** So small that nobody could grasp a handle or a line. */
const TINY = 0.18;
const FEW = 6;

/** What is asked after a line was dropped: which way out it is, or which step comes there. */
export interface Asked {
  at: Point;
  screen: Point;
  from: string;
  path: Path | null;
  to: string;
  ways: Addable[];
}

export function Flow({ narrow }: { narrow: boolean }) {
  const editor = useEditor();
  const { store } = editor;
  const graph = useMemo(() => new Graph(editor.kinds, editor.mayBuild), [editor]);
  const [nodes, setNodes] = useState<CardNode[]>(() => graph.nodes(store.state));
  const [edges, setEdges] = useState<LineEdge[]>(() => graph.lines(store.state));
  const [asked, setAsked] = useState<Asked | null>(null);
  const drawn = useRef<State>(store.state);

  useEffect(() => store.subscribe(() => {
    const now = store.state;
    const before = drawn.current;
    drawn.current = now;
    if (now.drawing !== before.drawing || now.problems !== before.problems || now.lit !== before.lit || now.chosen !== before.chosen) {
      const fresh = graph.nodes(now);
      setNodes((shown) => merged(shown, fresh, now.chosen));
      if (now.drawing !== before.drawing || now.lit !== before.lit) setEdges(graph.lines(now));
    }
  }), [graph, store]);

  const onNodesChange = useCallback((changes: NodeChange<CardNode>[]) => {
    const kept = changes.filter((change) => change.type !== "remove");
    if (kept.length) setNodes((shown) => applyNodeChanges(kept, shown));
  }, []);
  const onEdgesChange = useCallback((changes: { type: string; id?: string; selected?: boolean }[]) => {
    const marked = new Map(changes.filter((one) => one.type === "select").map((one) => [one.id, one.selected]));
    if (marked.size) setEdges((shown) => shown.map((edge) => (marked.has(edge.id) ? { ...edge, selected: !!marked.get(edge.id) } : edge)));
  }, []);
  const onSelectionChange = useCallback(({ nodes: chosen }: OnSelectionChangeParams) => store.choose(chosen.map((node) => node.id)), [store]);
  const onDragStop = useCallback((_: unknown, __: unknown, dragged: CardNode[]) => {
    editor.move(new Map(dragged.map((node) => [node.id, { x: Math.round(node.position.x), y: Math.round(node.position.y) }])));
  }, [editor]);

  const onConnect = useCallback(({ source, sourceHandle, target }: Connection) => {
    if (sourceHandle && sourceHandle !== "+") editor.connect(source, sourceHandle, target);
  }, [editor]);
  const onConnectEnd = useCallback((event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
    const from = state.fromHandle?.type === "source" ? state.fromNode?.id : undefined;
    const handle = state.fromHandle?.id;
    if (!from || !handle) return;
    const point = "changedTouches" in event ? event.changedTouches[0] : event;
    if (!point || !editor.flow) return;
    const screen = { x: point.clientX, y: point.clientY };
    const under = cardAt(screen);
    const to = state.isValid ? state.toNode?.id ?? "" : under;
    if (to === START || (under === from && !state.isValid)) return;
    if (to && handle !== "+") return state.isValid ? undefined : editor.connect(from, handle, to);
    const ways = handle === "+" ? editor.addable(from) : [];
    if (to && ways.length === 1 && ways[0]) return editor.addWay(from, ways[0], to);
    setAsked({ at: editor.flow.screenToFlowPosition(screen), screen, from, path: handle === "+" ? null : pathOf(handle), to, ways });
  }, [editor]);
  const onReconnect = useCallback((edge: LineEdge, { source, sourceHandle, target }: Connection) => {
    if (source === edge.source && sourceHandle === edge.sourceHandle && sourceHandle) editor.connect(source, sourceHandle, target);
  }, [editor]);
  const onDrop = useCallback((event: DragEvent) => {
    const kind = editor.kinds.named(event.dataTransfer.getData(STEP));
    if (!kind || !editor.flow) return;
    event.preventDefault();
    const at = editor.flow.screenToFlowPosition({ x: event.clientX - 60, y: event.clientY - 20 });
    editor.add(kind, { x: Math.round(at.x), y: Math.round(at.y) });
  }, [editor]);

  const far = useView((view) => (view.transform[2] < TINY ? " far tiny" : view.transform[2] < FAR ? " far" : ""));
  const only = editor.mayBuild;
  return (
    <div className={`canvas-pane${far}`} onDrop={only ? onDrop : undefined} onDragOver={only ? (event) => event.preventDefault() : undefined}>
      <ReactFlow<CardNode, LineEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={LINE_TYPES}
        onInit={(instance) => editor.begin(instance)}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onSelectionChange={onSelectionChange}
        onNodeDragStop={onDragStop}
        onSelectionDragStop={(event, dragged) => onDragStop(event, null, dragged)}
        onConnect={onConnect}
        onConnectEnd={onConnectEnd}
        onReconnect={onReconnect}
        minZoom={0.05}
        maxZoom={1.75}
        nodesDraggable={only}
        nodesConnectable={only}
        edgesReconnectable={only}
        elementsSelectable
        nodesFocusable={!narrow}
        edgesFocusable={only}
        deleteKeyCode={null}
        disableKeyboardA11y
        selectionKeyCode="Shift"
        multiSelectionKeyCode={["Control", "Meta", "Shift"]}
        selectionMode={SelectionMode.Partial}
        connectionRadius={32}
        zoomOnDoubleClick={false}
        onlyRenderVisibleElements={nodes.length > MANY}
        elevateNodesOnSelect={false}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={20} size={1.2} />
        {!narrow && nodes.length > FEW && <MiniMap pannable zoomable nodeClassName={miniClass} nodeBorderRadius={6} position="bottom-right" ariaLabel="Map of the flow" />}
      </ReactFlow>
      {asked && <QuickAdd asked={asked} close={() => setAsked(null)} />}
      <Empty />
    </div>
  );
}

function Empty() {
  const editor = useEditor();
  const empty = useStore(editor.store, (state) => !state.drawing.steps.length);
  if (!empty) return null;
  return <p className="canvas-empty">{editor.mayBuild ? "Nothing happens yet after the greeting. Drag a step here, or click one." : "There are no steps yet."}</p>;
}

/** The card under a point of the window; "" where there is none. */
function cardAt({ x, y }: Point): string {
  return document.elementFromPoint(x, y)?.closest<HTMLElement>(".react-flow__node")?.dataset["id"] ?? "";
}

function miniClass(node: CardNode): string {
  return `${node.data.mark} ${node.data.lit && "lit"} ${node.id === START ? "start" : ""}`;
}

/** The new cards, with what React Flow remembers of the old ones; unchanged ones are the same objects. */
function merged(shown: CardNode[], fresh: CardNode[], chosen: ReadonlySet<string>): CardNode[] {
  const before = new Map(shown.map((node) => [node.id, node]));
  return fresh.map((node) => {
    const old = before.get(node.id);
    const selected = chosen.has(node.id);
    const same = old && old.data === node.data && old.position.x === node.position.x && old.position.y === node.position.y
      && old.height === node.height && old.handles === node.handles && !!old.selected === selected;
    if (same) return old;
    return { ...node, selected };
  });
}
