// The canvas of a flow: an island on the page templates/agents/canvas.html.
import { createRoot } from "react-dom/client";
import { find, on } from "../ts/dom";
import "@xyflow/react/dist/base.css";
import "./canvas.css";
import { Kinds } from "./core/declared";
import { opened } from "./core/drawing";
import { Editor, EditorContext } from "./core/editor";
import { laidOut } from "./core/layout";
import { keepChecking, placed } from "./core/problems";
import { Saving } from "./core/saving";
import { Server } from "./core/server";
import { Store } from "./core/store";
import { App } from "./view/App";

async function start(place: HTMLElement): Promise<void> {
  const server = new Server(place.dataset);
  const answer = await server.load();
  const waits = find(".canvas-waits", place);
  if (!answer.ok || !answer.body) {
    if (waits) waits.textContent = "The flow cannot be loaded now. Load the page again.";
    return;
  }
  const loaded = answer.body;
  const kinds = new Kinds(loaded.declared);
  const asKept = opened(loaded.draft);
  const drawing = laidOut(asKept, kinds);
  const store = new Store({
    drawing,
    chosen: new Set(),
    problems: placed(loaded.problems, drawing),
    said: loaded.may_build ? "Saved" : "You can look at this, not change it.",
    tone: "",
    conflict: null,
    left: null,
    lit: { nodes: [], current: "" },
    shown: null,
    canUndo: false,
    canRedo: false,
  });
  const narrow = window.matchMedia("(max-width: 767px)").matches;
  const editor = new Editor(store, kinds, server, loaded.may_build && !narrow, loaded.offers);
  if (editor.mayBuild) {
    editor.saving = new Saving(store, server, kinds, loaded.revision);
    keepChecking(store, server);
  }
  document.addEventListener("voiceops:path", (event) => {
    const { nodes, current } = (event as CustomEvent<{ nodes?: string[]; current?: string }>).detail ?? {};
    store.set({ lit: { nodes: nodes ?? [], current: current ?? "" } });
    if (current) editor.follow(current);
  });
  document.dispatchEvent(new CustomEvent("voiceops:where"));
  createRoot(place).render(
    <EditorContext.Provider value={editor}>
      <App narrow={narrow} />
    </EditorContext.Provider>,
  );
}

const ROOM_FOR_BOTH = 1700;

/** The panel to talk to the agent stands beside the drawing when it is wanted. */
function startSide(): void {
  const page = find(".canvas-page");
  const shown = (talks: boolean) => {
    page?.classList.toggle("talks", talks);
    localStorage.setItem("canvas talks", talks ? "yes" : "");
  };
  const wanted = localStorage.getItem("canvas talks");
  if (wanted || (wanted === null && window.innerWidth >= ROOM_FOR_BOTH)) shown(true);
  on("click", ".talk-link", (_, event) => {
    if (window.matchMedia("(max-width: 1099px)").matches) return shown(true);
    event.preventDefault();
    shown(!page?.classList.contains("talks"));
  });
}

const place = find("[data-canvas]");
if (place) {
  startSide();
  void start(place);
}
