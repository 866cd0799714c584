/** What each worker is started with: the inference module, and the models of its own steps. */

import type { AssetLoader, ModelName } from "./assets.js";
import type { CheckedOptions } from "./options.js";
import type { ProgressMeter } from "./progress.js";
import { bitsOf } from "./steps.js";
import type { Step } from "./steps.js";
import type { InitMessage } from "./worker-slot.js";

/** Names the models that a worker serving these steps needs, as the session's module does. */
export type ModelsForSteps = (steps: number, quality: string) => string[];

/** Gets every asset once, however many workers need it. */
export class InitMessages {
  readonly #options: CheckedOptions;
  readonly #loader: AssetLoader;
  readonly #meter: ProgressMeter;
  readonly #modelsForSteps: Promise<ModelsForSteps>;
  readonly #inference: Promise<WebAssembly.Module>;
  readonly #models = new Map<ModelName, Promise<Blob>>();
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

  /** The message for a worker that serves these steps. */
  async of(steps: readonly Step[]): Promise<InitMessage> {
    const { quality, maxPixels, fastDecode } = this.#options;
    const [module, models] = await Promise.all([
      this.#inference,
      this.#modelsForSteps.then((namesFor) =>
        this.#load(namesFor(bitsOf(steps), quality) as ModelName[]),
      ),
    ]);
    return { type: "init", module, models, maxPixels, fastDecode };
  }

  #load(names: ModelName[]): Promise<{ name: ModelName; file: Blob }[]> {
    this.#expectedLoads += names.length;
    this.#meter.expectLoads(this.#expectedLoads);
    return Promise.all(
      names.map(async (name) => ({ name, file: await this.#model(name) })),
    );
  }

  #model(name: ModelName): Promise<Blob> {
    const model = this.#models.get(name) ?? this.#loader.model(name);
    this.#models.set(name, model);
    return model;
  }
}
