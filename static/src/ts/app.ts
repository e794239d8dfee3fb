// What every page carries.
import { startCopying } from "./copy";
import { startDialogs } from "./dialogs";
import { startKeyboard } from "./keyboard";
import { startLive } from "./live";
import { startMenus } from "./menus";
import { startPlayer } from "./player";
import { startRequests } from "./requests";
import { startShell } from "./shell";
import { startTicks } from "./ticks";
import { startTimes } from "./times";
import { startToasts } from "./toasts";

startShell();
startRequests();
startToasts();
startDialogs();
startMenus();
startCopying();
startKeyboard();
startTicks();
startTimes();
startPlayer();
startLive();
