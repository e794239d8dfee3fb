// What every page carries.
import "./vendor";
import "htmx.org/dist/ext/hx-alpine-compat.js";
import { Alpine } from "./vendor";
import { startCopying } from "./copy";
import { startDialogs } from "./dialogs";
import { startKeyboard } from "./keyboard";
import { startLive } from "./live";
import { startMenus } from "./menus";
import { startPlayer } from "./player";
import { startRequests } from "./requests";
import { startShell } from "./shell";
import { startTimes } from "./times";
import { startToasts } from "./toasts";

startShell();
startRequests();
startToasts();
startDialogs();
startMenus();
startCopying();
startKeyboard();
startTimes();
startPlayer();
startLive();
Alpine.start();
