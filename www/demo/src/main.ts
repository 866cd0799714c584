/** The demo: the embedded clip or the camera, with keypoints drawn over, and figures beside it. */

import { LiveKeypointsError } from "live-keypoints";
import type {
  ConnectionState,
  EngineKind,
  Keypoints,
  LiveKeypoints,
} from "live-keypoints";
import { openCamera } from "./camera.js";
import { Chart } from "./chart.js";
import { openClip } from "./clip.js";
import { openFile } from "./file.js";
import { Expressions } from "./expressions.js";
import { Figures } from "./figures.js";
import { LoadingBar } from "./loading-bar.js";
import { Player } from "./player.js";
import { Recording } from "./recording.js";
import {
  graphToRun,
  landmarksOf,
  readAddress,
  readForm,
  showSettings,
  writeAddress,
} from "./settings.js";
import type { Settings, SourceName } from "./settings.js";
import type { Source } from "./source.js";
import { SignsView } from "./signs.js";
import { Stage } from "./stage.js";
import { Views } from "./views.js";
import { WorldView } from "./world-view.js";

/** For tests and the console. */
interface DemoHandle {
  state: "loading" | "running" | "paused" | "failed";
  results: number;
  last: Keypoints | undefined;
  live: LiveKeypoints | undefined;
}

declare global {
  var demo: DemoHandle;
}

const WHERE: Readonly<Record<EngineKind, string>> = {
  page: "Computed in this page; no picture leaves it.",
  relay: "Computed by this site's relay; the pictures are sent there.",
};

const form = document.querySelector("form")!;
const pauseButton = byId("pause") as HTMLButtonElement;
const loading = new LoadingBar();
const stage = new Stage(byId("picture"), byId("canvas") as HTMLCanvasElement);
const figures = new Figures();
const chart = new Chart(byId("chart") as HTMLCanvasElement);
const world = new WorldView(byId("world") as HTMLCanvasElement);
const expressions = new Expressions(byId("view-expressions"));
const views = new Views(byId("views"));
const signs = new SignsView(byId("views"));
const recording = new Recording(
  {
    button: byId("record") as HTMLButtonElement,
    format: byId("format") as HTMLSelectElement,
    status: byId("recorded"),
  },
  () => (settings.irises ? 478 : 468),
  (error) =>
    showText(
      `It cannot be recorded: ${(error as Error).message}`,
      codeOf(error),
    ),
);
const fileInput = byId("file") as HTMLInputElement;
const player = new Player(stage, {
  progress: (progress) => loading.tell(progress),
  result: showResult,
  error: showError,
  connection: showConnection,
});
const address = new URLSearchParams(location.search);

let settings = readAddress(address);
let isPaused = address.get("autoplay") === "0";
let source: Source | undefined;
/** Which source that is. */
let playing: SourceName = "clip";
globalThis.demo = {
  state: "loading",
  results: 0,
  last: undefined,
  live: undefined,
};

show();
showPause();
form.addEventListener("change", () => void change());
pauseButton.addEventListener("click", () => {
  isPaused = !isPaused;
  showPause();
  playOrPause();
});
fileInput.addEventListener("change", () => {
  const [file] = fileInput.files ?? [];
  // The same file can be chosen again.
  fileInput.value = "";
  if (file) void changeSource("file", () => openFile(file));
});
fileInput.addEventListener("cancel", show);
acceptDrops(byId("picture"), (file) => {
  void changeSource("file", () => openFile(file));
});
// Where there can be none, the demo works as well, but not without a network.
registerServiceWorker().catch(() => {});
void begin();

/** Rejects where the browser refuses: in some frames already when it is asked for its service workers. */
async function registerServiceWorker(): Promise<void> {
  await navigator.serviceWorker?.register("service-worker.js", {
    type: "module",
  });
}

async function begin(): Promise<void> {
  try {
    const clip = await openClip();
    source = clip;
    stage.showPlain(clip.poster);
  } catch (error) {
    showText(
      `The clip cannot be played: ${(error as Error).message}. The camera may work.`,
      "",
    );
  }
  await open().catch(showFailure);
}

async function change(): Promise<void> {
  const previous = settings;
  const next = readForm(form, previous);
  if (!next) return show();
  if (next.source === "file" && previous.source !== "file") {
    // The source stays until there is a file.
    return fileInput.click();
  }
  choose(next);
  if (next.source !== previous.source)
    await changeSource(
      next.source,
      next.source === "camera" ? openCamera : openClip,
    );
  if (next.engine !== previous.engine) await changeEngine(previous.engine);
  else if (needsRestart(previous, next)) await open().catch(showFailure);
}

function choose(next: Settings): void {
  settings = next;
  show();
  writeAddress(settings);
}

function show(): void {
  stage.faceStyle = settings.faceStyle;
  showSettings(form, settings);
  views.offer("expressions", landmarksOf(settings).blendshapes ?? false);
}

function needsRestart(previous: Settings, next: Settings): boolean {
  return (
    previous.workers !== next.workers ||
    previous.quality !== next.quality ||
    previous.parts.join() !== next.parts.join() ||
    JSON.stringify(landmarksOf(previous)) !== JSON.stringify(landmarksOf(next))
  );
}

/** Where a source cannot be had, the old one goes on. */
async function changeSource(
  name: SourceName,
  openSource: () => Promise<Source>,
): Promise<void> {
  const previous = playing;
  try {
    const next = await openSource();
    source?.close();
    source = next;
    playing = name;
    hideError();
    // Another picture: tracking starts from scratch.
    player.live?.reset();
    signs.reset();
    playOrPause();
  } catch (error) {
    const { name: kind, message } = error as Error;
    showText(
      `The ${name} cannot be used: ${(message || "no reason is known").replace(/\.$/, "")}. The ${previous} goes on.`,
      kind,
    );
  }
  choose({ ...settings, source: playing });
}

/** Takes a file that is dropped anywhere on the page. */
function acceptDrops(sign: HTMLElement, onFile: (file: File) => void): void {
  addEventListener("dragover", (event) => {
    event.preventDefault();
    sign.classList.add("dropping");
  });
  addEventListener("dragleave", () => sign.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    sign.classList.remove("dropping");
    const file = event.dataTransfer?.files[0];
    if (file) onFile(file);
  });
}

/** Where the new engine cannot be had, the old one goes on. */
async function changeEngine(previous: EngineKind): Promise<void> {
  const wanted = settings.engine;
  try {
    await open();
  } catch (error) {
    if (settings.engine !== wanted) return;
    if (player.live?.engine !== previous) return showFailure(error);
    const { code, message } = error as LiveKeypointsError;
    showText(
      `The ${wanted === "relay" ? "relay" : "page"} cannot compute: ${message} The ${previous} goes on.`,
      code,
    );
    choose({ ...settings, engine: previous });
    showRunning(player.live);
  }
}

/** Loads what the settings ask for, and goes on with the source. */
async function open(): Promise<void> {
  if (source) hideError();
  demo.state = "loading";
  loading.show();
  pauseButton.disabled = true;
  try {
    const opened = settings;
    const live = await player.open(opened);
    if (!live) return;
    demo.live = live;
    figures.restart(live.stats(), opened);
    chart.restart(graphToRun(opened));
    showRunning(live);
  } catch (error) {
    // A later choice ended this start.
    if (error instanceof LiveKeypointsError && error.code === "aborted") return;
    throw error;
  }
}

function showRunning(live: LiveKeypoints): void {
  byId("where").textContent = WHERE[live.engine];
  loading.hide();
  pauseButton.disabled = false;
  playOrPause();
}

function playOrPause(): void {
  if (!source || !player.live) return;
  demo.state = isPaused ? "paused" : "running";
  if (isPaused) player.pause();
  else player.play(source);
}

function showPause(): void {
  pauseButton.textContent = isPaused ? "Play" : "Pause";
}

function showResult(keypoints: Keypoints, live: LiveKeypoints): void {
  demo.results += 1;
  demo.last = keypoints;
  figures.add(keypoints, live.stats());
  chart.add(keypoints);
  world.show(keypoints);
  expressions.show(keypoints);
  recording.add(keypoints);
  signs.add(keypoints);
}

function showError(error: LiveKeypointsError): void {
  if (error.index === undefined) return showFailure(error);
  // The connection tells it once, and not for each frame.
  if (error.code === "connection-lost") return;
  showText(
    `Frame ${error.index} could not be used: ${error.message}`,
    error.code,
  );
}

function showConnection({ state, reason, retryInMs }: ConnectionState): void {
  if (state === "open") return hideError();
  if (state !== "waiting") return;
  const seconds = Math.ceil((retryInMs ?? 0) / 1000);
  showText(`${reason} Next attempt in ${seconds} s.`, "connection-lost");
}

/** Nothing goes on from here but a change of settings or a reload. */
function showFailure(error: unknown): void {
  demo.state = "failed";
  player.pause();
  loading.hide();
  pauseButton.disabled = true;
  const { message } = error as Error;
  showText(`The keypoints cannot be computed: ${message}`, codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof LiveKeypointsError ? error.code : "";
}

function showText(sentence: string, code: string): void {
  const box = byId("error");
  box.textContent = sentence;
  if (code) {
    const word = document.createElement("code");
    word.textContent = code;
    box.append(" (", word, ")");
  }
  box.hidden = false;
}

function hideError(): void {
  byId("error").hidden = true;
}

function byId(id: string): HTMLElement {
  return document.getElementById(id)!;
}
