/** The engine of this page: WebAssembly that drives workers. */

import { aborted } from "./asset-fetch.js";
import { baseOfPage, modelUrl, moduleUrl } from "./asset-urls.js";
import { compileSession } from "./assets.js";
import type { AssetSource, AssetSources, ModelName } from "./assets.js";
import type { PageStream } from "./bindings.js";
import type { Engine, EngineEvents, EngineStats } from "./engine.js";
import { asLiveKeypointsError, codeOf, LiveKeypointsError } from "./errors.js";
import type { Frame } from "./frames.js";
import type { CheckedOptions, CreateOptions } from "./options.js";
import { loadSession } from "./session-module.js";
import { requireSimd } from "./simd.js";
import { createInferenceWorker } from "./worker-scripts.js";

/** Drives one stream of the page's module. An instance that trapped is of no more use: its stream ends. */
export class PageEngine implements Engine {
  readonly kind = "page";
  #stream!: PageStream;
  #events: EngineEvents | undefined;

  private constructor() {}

  /** Starts everything; on any failure nothing is left running. */
  static async start(
    checked: CheckedOptions,
    options: CreateOptions,
  ): Promise<PageEngine> {
    const { signal, assets, onProgress } = options;
    if (signal?.aborted) throw aborted();
    requireSimd();
    const sources: AssetSources =
      typeof assets === "string" || assets instanceof URL
        ? { baseUrl: assets }
        : (assets ?? {});
    const { baseUrl, session, inference, models } = sources;
    const engine = new PageEngine();
    let onPanic = (_message: string): void => {};
    const panic = new Promise<never>((_resolve, reject) => {
      onPanic = (message) => {
        const error = new LiveKeypointsError("internal", message);
        reject(error);
        engine.#events?.fatal(error);
      };
    });
    panic.catch(() => {});
    try {
      const { PageStream } = await loadSession(() =>
        compileSession({ baseUrl, session }, signal, onProgress),
      );
      if (signal?.aborted) throw aborted();
      const starting = PageStream.start({
        ...checked,
        assets: { inference: absolute(inference), models: allAbsolute(models) },
        addressOf: (name: string) =>
          (name === "inference"
            ? moduleUrl(name, baseUrl)
            : modelUrl(name as ModelName, baseUrl)
          ).href,
        createWorker:
          options.createWorker ??
          (() => createInferenceWorker(options.workerUrl)),
        ...{ onProgress, signal },
        guard: (call) => (event) => engine.#guard(() => call(event)),
        onPanic,
      });
      engine.#stream = await Promise.race([starting, panic]);
    } catch (error) {
      throw asLiveKeypointsError(error, "internal");
    }
    return engine;
  }

  connect(events: EngineEvents): void {
    this.#events = events;
    this.#stream.connect(
      (result) => events.result(result),
      (error) => events.fatal(asLiveKeypointsError(error, "internal")),
    );
  }

  addFrame(
    frame: Frame,
    timestampMs: number,
    transfer: boolean | undefined,
  ): number {
    const index = this.#stream.addFrame(frame, timestampMs, transfer);
    this.pump();
    return index;
  }

  addStill(frame: Frame, transfer: boolean | undefined): number {
    return this.#stream.addStill(frame, transfer);
  }

  pump(): void {
    this.#guard(() => this.#stream.pump());
  }

  reset(): void {
    this.#stream.reset();
    this.pump();
  }

  stats(): EngineStats {
    return this.#stream.stats();
  }

  close(): void {
    this.#events = undefined;
    try {
      this.#stream.close();
    } catch {
      // An instance that trapped cannot be called any more.
    }
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (codeOf(error)) throw error;
      this.#events?.fatal(asLiveKeypointsError(error, "internal"));
    }
  }
}

/** An address of the caller is relative to the page. */
function absolute<T>(source: T | AssetSource): T | AssetSource {
  return typeof source === "string"
    ? new URL(source, baseOfPage()).href
    : source;
}

function allAbsolute(models: AssetSources["models"] = {}): object {
  const entries = Object.entries(models);
  return Object.fromEntries(
    entries.map(([name, source]) => [name, absolute(source)]),
  );
}
