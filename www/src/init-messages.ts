/** What each worker is started with: the models of its own steps, and the inference module. */

import type { AssetLoader, ModelName } from "./assets.js";
import type { CheckedOptions } from "./options.js";
import type { ProgressMeter } from "./progress.js";
import type { ModelSource } from "./protocol.js";
import { bitsOf } from "./steps.js";
import type { Step } from "./steps.js";
import type { InitMessage, ModelsMessage } from "./worker-slot.js";

/** Names the models that a worker serving these steps needs, as the session's module does. */
export type ModelsForSteps = (steps: number, quality: string) => string[];

/** What one worker is started with. */
export interface StartMessages {
  models: Promise<ModelsMessage>;
  init: Promise<InitMessage>;
}

/** Finds every asset once, however many workers need it. */
export class InitMessages {
  readonly #options: CheckedOptions;
  readonly #loader: AssetLoader;
  readonly #meter: ProgressMeter;
  readonly #modelsForSteps: Promise<ModelsForSteps>;
  readonly #inference: Promise<WebAssembly.Module>;
  readonly #models = new Map<ModelName, Promise<ModelSource>>();
  #expectedLoads = 0;

  constructor(
    options: CheckedOptions,
    loader: AssetLoader,
    meter: ProgressMeter,
    modelsForSteps: Promise<ModelsForSteps>,
  ) {
    this.#options = options;
    this.#loader = loader;
    this.#meter = meter;
    this.#modelsForSteps = modelsForSteps;
    this.#inference = loader.module("inference");
  }

  /** The messages for a worker that serves these steps. */
  of(steps: readonly Step[]): StartMessages {
    const { quality } = this.#options;
    const models = this.#modelsForSteps.then((namesFor) =>
      this.#sourcesOf(namesFor(bitsOf(steps), quality) as ModelName[]),
    );
    return { models, init: this.#init() };
  }

  async #init(): Promise<InitMessage> {
    const { maxPixels, fastDecode } = this.#options;
    return {
      ...{ type: "init", module: await this.#inference },
      ...{ maxPixels, fastDecode },
    };
  }

  async #sourcesOf(names: ModelName[]): Promise<ModelsMessage> {
    this.#expectedLoads += names.length;
    this.#meter.expectLoads(this.#expectedLoads);
    const models = await Promise.all(
      names.map(async (name) => ({ name, source: await this.#model(name) })),
    );
    return { type: "models", models };
  }

  #model(name: ModelName): Promise<ModelSource> {
    const model = this.#models.get(name) ?? this.#loader.model(name);
    this.#models.set(name, model);
    return model;
  }
}
