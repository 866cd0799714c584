/** What each worker is started with: the models of its own steps, and the inference module. */

import type { AssetLoader, ModelName } from "./assets.js";
import type { CheckedOptions } from "./options.js";
import type { ProgressMeter } from "./progress.js";
import type { AssetPlace, ModelSource } from "./protocol.js";
import { bitsOf } from "./steps.js";
import type { Step } from "./steps.js";
import type {
  CompileMessage,
  InitMessage,
  ModelsMessage,
} from "./worker-slot.js";

/** Names the models that a worker serving these steps needs, as the session's module does. */
export type ModelsForSteps = (steps: number, quality: string) => string[];

/** What one worker is started with. */
export interface StartMessages {
  /** Of one worker, unless the module was given compiled. */
  compile?: Promise<CompileMessage | undefined>;
  models: Promise<ModelsMessage>;
  init: Promise<InitMessage>;
}

/** Finds every asset once, however many workers need it. */
export class InitMessages {
  readonly #options: CheckedOptions;
  readonly #loader: AssetLoader;
  readonly #meter: ProgressMeter;
  readonly #modelsForSteps: Promise<ModelsForSteps>;
  readonly #inference: Promise<WebAssembly.Module | AssetPlace>;
  readonly #module: Promise<WebAssembly.Module>;
  #resolveModule!: (module: WebAssembly.Module) => void;
  #isCompilerChosen = false;
  readonly #models = new Map<ModelName, Promise<ModelSource>>();
  #expectedModels = 0;

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
    this.#inference = loader.inference();
    this.#module = new Promise((resolve) => (this.#resolveModule = resolve));
  }

  /** The module that all workers are given is there. */
  compiled(module: WebAssembly.Module): void {
    this.#meter.compiled("inference");
    this.#resolveModule(module);
  }

  /** The messages for a worker that serves these steps. */
  of(steps: readonly Step[]): StartMessages {
    const { quality } = this.#options;
    const models = this.#modelsForSteps.then((namesFor) =>
      this.#sourcesOf(namesFor(bitsOf(steps), quality) as ModelName[]),
    );
    const messages = { models, init: this.#init() };
    if (this.#isCompilerChosen) return messages;
    this.#isCompilerChosen = true;
    return { ...messages, compile: this.#compile() };
  }

  /** Compiling takes longer than a page should be kept from what its user does, so a worker does it for all. */
  async #compile(): Promise<CompileMessage | undefined> {
    const source = await this.#inference;
    if (!(source instanceof WebAssembly.Module))
      return { type: "compile", source };
    this.compiled(source);
    return undefined;
  }

  async #init(): Promise<InitMessage> {
    const { maxPixels, fastDecode } = this.#options;
    return {
      ...{ type: "init", module: await this.#module },
      ...{ maxPixels, fastDecode },
    };
  }

  async #sourcesOf(names: ModelName[]): Promise<ModelsMessage> {
    this.#expectedModels += names.length;
    this.#meter.expectModels(this.#expectedModels);
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
