/** The script of a worker: loads the models it is told to and runs steps. Exported as `live-keypoints/worker`. */

import type { OnPiece } from "./asset-fetch.js";
import type { ModelName } from "./assets.js";
import { asLiveKeypointsError, codeOf, messageOf } from "./errors.js";
import { modelBytes } from "./models.js";
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

type ModelOfMessage = (PageMessage & { type: "models" })["models"][number];

/** A model that is not loaded yet. */
interface Model {
  name: ModelName;
  bytes: Uint8Array;
}

const scope = globalThis as unknown as WorkerScope;
let models: Promise<Model>[] = [];
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
    case "models":
      models = message.models.map(get);
      return;
    case "init":
      return init(message);
    case "decode":
    case "run":
      return runStep(message);
    default:
      return unreachable(message);
  }
}

async function compile({
  source,
}: PageMessage & { type: "compile" }): Promise<void> {
  const from = "file" in source ? source.file : source.url;
  const module = await compileModule("inference", from);
  scope.postMessage({ type: "compiled", module });
}

/** Gets a model's bytes. An error is looked at when it is loaded. */
function get({ name, source }: ModelOfMessage): Promise<Model> {
  const onPiece: OnPiece = (loadedBytes, totalBytes) =>
    scope.postMessage({
      ...{ type: "downloaded", model: name, loadedBytes, totalBytes },
    });
  const model = modelBytes(name, source, onPiece).then((bytes) => {
    scope.postMessage({ type: "arrived", model: name, bytes: bytes.length });
    return { name, bytes };
  });
  model.catch(() => {});
  return model;
}

async function init(message: PageMessage & { type: "init" }): Promise<void> {
  const { memory } = await initInference({ module_or_path: message.module });
  const runner = new Runner();
  for (const model of models) {
    const { name, bytes } = await model;
    runner.loadModel(name, bytes);
    scope.postMessage({ type: "loaded", model: name });
  }
  models = [];
  steps = new StepRunner(
    runner,
    new PixelReader(runner, message.maxPixels, message.fastDecode),
    memory,
  );
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
