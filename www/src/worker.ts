/** The script of a worker: loads the models it is told to and runs steps. Exported as `live-keypoints/worker`. */

import { asLiveKeypointsError, codeOf, messageOf } from "./errors.js";
import { compileModule } from "./module-compile.js";
import { PixelReader } from "./pixels.js";
import { PROTOCOL_VERSION, unreachable } from "./protocol.js";
import type { PageMessage, WorkerMessage } from "./protocol.js";
import { StepRunner } from "./step-runner.js";
import { VERSION } from "./version.js";
import { WarmUp } from "./warm-up.js";
import initInference, { Runner, version } from "./wasm/inference/inference.js";

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  postMessage(message: WorkerMessage, transfer?: Transferable[]): void;
  addEventListener(
    type: "message" | "messageerror",
    listener: (event: MessageEvent<PageMessage>) => void,
  ): void;
}

const scope = globalThis as unknown as WorkerScope;
let compiling: AbortController | undefined;
let started: Promise<InstanceType<typeof Runner>> | undefined;
/** Models that are to come before the worker is ready. */
let awaitedModels = 0;
let steps: StepRunner | undefined;
let warmUp: WarmUp | undefined;

scope.addEventListener("message", ({ data }) => {
  handle(data).catch(breakOff);
});
scope.postMessage({
  type: "hello",
  protocol: PROTOCOL_VERSION,
  version: VERSION,
});

async function handle(message: PageMessage): Promise<void> {
  switch (message.type) {
    case "compile":
      return compile(message);
    case "init":
      return init(message);
    case "model":
      return load(message);
    case "decode":
    case "run":
      return runStep(message);
    default:
      return unreachable(message);
  }
}

async function compile({
  source,
  cache,
}: PageMessage & { type: "compile" }): Promise<void> {
  compiling?.abort();
  const { signal } = (compiling = new AbortController());
  const from = "file" in source ? source.file : source.url;
  try {
    const module = await compileModule(
      "inference",
      from,
      { cache, signal },
      (loadedBytes, totalBytes) =>
        scope.postMessage({ type: "downloaded", loadedBytes, totalBytes }),
    );
    if (!signal.aborted) scope.postMessage({ type: "compiled", module });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function init({
  module,
  models,
  maxPixels,
  fastDecode,
}: PageMessage & { type: "init" }): Promise<void> {
  awaitedModels = models;
  started = initInference({ module_or_path: module }).then(({ memory }) => {
    const runner = new Runner();
    const pixels = new PixelReader(runner, maxPixels, fastDecode);
    steps = new StepRunner(runner, pixels, memory);
    return runner;
  });
  tellIfReady(await started);
}

async function load({
  name,
  bytes,
}: PageMessage & { type: "model" }): Promise<void> {
  const runner = await started;
  if (!runner) throw new Error("model came before init");
  runner.loadModel(name, bytes);
  awaitedModels -= 1;
  scope.postMessage({ type: "loaded", model: name });
  tellIfReady(runner);
}

/** Once: what comes later, for steps of another worker, makes the number negative. */
function tellIfReady(runner: InstanceType<typeof Runner>): void {
  if (awaitedModels !== 0 || !steps) return;
  const { memoryBytes } = steps;
  scope.postMessage({ type: "ready", version: version(), memoryBytes });
  warmUp = new WarmUp(() => runner.warmUpNext(), breakOff);
}

/** An error with a code is that step's own; any other, such as a WebAssembly trap, ends the worker. */
async function runStep(
  message: PageMessage & { type: "decode" | "run" },
): Promise<void> {
  warmUp?.postpone();
  if (!steps) throw new Error(`${message.type} came before init was done`);
  try {
    const answer = await steps.run(message);
    scope.postMessage(answer.message, answer.transfer);
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    const { ticket } = message;
    scope.postMessage({
      type: "failed",
      ticket,
      code,
      message: messageOf(error),
    });
  }
}

function breakOff(error: unknown): void {
  const { code, message } = asLiveKeypointsError(error, "worker-failed");
  scope.postMessage({ type: "broken", code, message });
}
