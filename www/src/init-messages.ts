/** What each worker is started with: the inference module, and the models of its own steps. */

import type { AssetLoader, ModelName } from "./assets.js";
import type { CheckedOptions } from "./options.js";
import type { ProgressMeter } from "./progress.js";
import type { AssetPlace } from "./protocol.js";
import { bitsOf } from "./steps.js";
import type { Step } from "./steps.js";
import type { CompileMessage, Parcel, StartMessages } from "./worker-slot.js";

/** Names the models that a worker serving these steps needs, as the session's module does. */
export type ModelsForSteps = (steps: number, quality: string) => string[];

/** Gets every asset once, however many workers start with it. */
export class InitMessages implements StartMessages {
  /** Looked at by one worker, once it has said hello. */
  readonly compile: Promise<CompileMessage | undefined>;
  readonly #options: CheckedOptions;
  readonly #loader: AssetLoader;
  readonly #meter: ProgressMeter;
  readonly #modelsForSteps: Promise<ModelsForSteps>;
  readonly #module: Promise<WebAssembly.Module>;
  #resolveModule!: (module: WebAssembly.Module) => void;
  /** Of the workers that start together. */
  readonly #models: Promise<Map<ModelName, StartModel>>;

  constructor(
    options: CheckedOptions,
    layout: readonly (readonly Step[])[],
    loader: AssetLoader,
    meter: ProgressMeter,
    modelsForSteps: Promise<ModelsForSteps>,
  ) {
    this.#options = options;
    this.#loader = loader;
    this.#meter = meter;
    this.#modelsForSteps = modelsForSteps;
    this.#module = new Promise((resolve) => (this.#resolveModule = resolve));
    this.compile = this.#compileMessage(loader.inference());
    this.#models = this.#load(layout);
    for (const early of [this.compile, this.#models]) early.catch(() => {});
  }

  /** The module that all workers are given is there. */
  compiled(module: WebAssembly.Module): void {
    this.#meter.compiled("inference");
    this.#resolveModule(module);
  }

  async *init(steps: readonly Step[]): AsyncGenerator<Parcel> {
    const { maxPixels, fastDecode } = this.#options;
    const module = await this.#module;
    const models = (await this.#names(steps)).length;
    yield {
      message: { type: "init", module, models, maxPixels, fastDecode },
      transfer: [],
    };
    yield* this.models(steps, []);
  }

  async *models(
    steps: readonly Step[],
    served: readonly Step[],
  ): AsyncGenerator<Parcel> {
    const loaded = await this.#names(served);
    for (const name of await this.#names(steps)) {
      if (loaded.includes(name)) continue;
      const { bytes, isShared } = await this.#model(name);
      const transfer = isShared ? [] : [bytes.buffer];
      yield { message: { type: "model", name, bytes }, transfer };
    }
  }

  /** Compiling takes longer than a page should be kept from what its user does, so a worker does it for all. */
  async #compileMessage(
    inference: Promise<WebAssembly.Module | AssetPlace>,
  ): Promise<CompileMessage | undefined> {
    const source = await inference;
    if (!(source instanceof WebAssembly.Module))
      return { type: "compile", source, cache: "default" };
    this.compiled(source);
    return undefined;
  }

  async #load(
    layout: readonly (readonly Step[])[],
  ): Promise<Map<ModelName, StartModel>> {
    const names = (await Promise.all(layout.map((s) => this.#names(s)))).flat();
    this.#meter.expectModels(names.length);
    const models = new Map<ModelName, StartModel>();
    for (const name of names) {
      const model = models.get(name);
      if (!model) {
        const bytes = this.#loader.model(name);
        bytes.catch(() => {});
        models.set(name, { bytes, waiting: 1, isShared: false });
      } else {
        model.waiting += 1;
        model.isShared = true;
      }
    }
    return models;
  }

  /** The page keeps no model: one that is needed again is got again. */
  async #model(
    name: ModelName,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; isShared: boolean }> {
    const models = await this.#models;
    const model = models.get(name);
    if (!model)
      return { bytes: await this.#loader.model(name), isShared: false };
    model.waiting -= 1;
    if (model.waiting === 0) models.delete(name);
    return { bytes: await model.bytes, isShared: model.isShared };
  }

  async #names(steps: readonly Step[]): Promise<ModelName[]> {
    const namesFor = await this.#modelsForSteps;
    return namesFor(bitsOf(steps), this.#options.quality) as ModelName[];
  }
}

/** A model of the workers that start together. */
interface StartModel {
  bytes: Promise<Uint8Array<ArrayBuffer>>;
  /** Workers that have not asked for it yet. */
  waiting: number;
  isShared: boolean;
}
