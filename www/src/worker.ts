/** The script of a worker until its module is there, which does the rest. Exported as `live-keypoints/worker`. */

import { asLiveKeypointsError, messageOf } from "./errors.js";
import { compileModule } from "./module-compile.js";
import type { SignsScope } from "./signs/worker.js";
import { VERSION } from "./version.js";
import initPlain, { InferenceWorker } from "./wasm/inference/inference.js";
import initRelaxed, {
  InferenceWorker as RelaxedWorker,
} from "./wasm/inference/inference_relaxed.js";

/** What the page says to the script; everything else is the module's. */
interface ScriptMessage {
  /** Say hello once more: nobody has heard it. */
  hello?: true;
  /** Compile what will most likely be asked for, and keep it. */
  prepare?: string;
  /** Compile the module, for all workers; another one is given up. */
  compile?: { file: Blob } | { url: string };
  /** How the HTTP cache is asked for it. */
  cache?: RequestCache;
  /** Recognise signs as well, by a script that serves this port. */
  signs?: { script: string; port: MessagePort };
  /** The compiled module. */
  module?: WebAssembly.Module;
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope extends SignsScope {
  postMessage(message: unknown): void;
  addEventListener(
    type: "message",
    listener: (event: MessageEvent<ScriptMessage>) => void,
  ): void;
}

/** A module on its way. */
interface Compiling {
  url: string | undefined;
  compiled: Promise<WebAssembly.Module>;
  controller: AbortController;
}

const scope = globalThis as unknown as WorkerScope;
let compiling: Compiling | undefined;
let worker: Promise<InstanceType<typeof InferenceWorker>> | undefined;

scope.addEventListener("message", ({ data }) => {
  handle(data).catch((error: unknown) => {
    const { code, message } = asLiveKeypointsError(error, "worker-failed");
    scope.postMessage({ broken: { code, message } });
  });
});
scope.postMessage({ hello: VERSION });

async function handle(data: ScriptMessage): Promise<void> {
  if (data.hello) return scope.postMessage({ hello: VERSION });
  if (data.signs) return serveSigns(data.signs);
  if (data.prepare) return void begin(data.prepare, "default");
  if (data.compile) return compile(data.compile, data.cache);
  if (data.module) worker = start(data.module);
  const started = await worker;
  if (!started) throw new Error("a message came before the module");
  if (!data.module) started.receive(data);
}

/** Nothing of it is this script's; what goes wrong is no fault of inference. */
async function serveSigns({
  script,
  port,
}: NonNullable<ScriptMessage["signs"]>): Promise<void> {
  try {
    await import(/* webpackIgnore: true */ /* @vite-ignore */ script);
    scope.liveKeypointsServeSigns!(port);
  } catch (error) {
    port.postMessage({ missing: messageOf(error) });
  }
}

/** Each module has bindings of its own. */
async function start(
  module: WebAssembly.Module,
): Promise<InstanceType<typeof InferenceWorker>> {
  const isRelaxed = WebAssembly.Module.exports(module).some(
    ({ name }) => name === "usesRelaxedSimd",
  );
  const init = isRelaxed ? initRelaxed : initPlain;
  await init({ module_or_path: module });
  return isRelaxed ? new RelaxedWorker() : new InferenceWorker();
}

async function compile(
  place: { file: Blob } | { url: string },
  cache: RequestCache = "default",
): Promise<void> {
  const url = "url" in place ? place.url : undefined;
  const isPrepared = url && url === compiling?.url && cache === "default";
  const { compiled, controller } = isPrepared
    ? compiling!
    : begin("file" in place ? place.file : place.url, cache);
  try {
    const module = await compiled;
    if (!controller.signal.aborted) scope.postMessage({ compiled: module });
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  }
}

function begin(source: Blob | string, cache: RequestCache): Compiling {
  compiling?.controller.abort();
  const controller = new AbortController();
  const compiled = compileModule(
    "inference",
    source,
    { cache, signal: controller.signal },
    (...bytes) => scope.postMessage({ downloaded: bytes }),
  );
  compiled.catch(() => {}); // It is told to who asks for it.
  const url = source instanceof Blob ? undefined : source;
  return (compiling = { url, compiled, controller });
}
