/** Stands for what `bundle.mjs` makes of the generated bindings of the page's module. */

import type {
  InitModule,
  PoseFileEncoder,
  Session,
  SessionOptions,
} from "../../bindings.js";

/** New bindings, for an instance of their own. */
export default function makeBindings(): {
  default: InitModule;
  /** Version of the crate that the module was built from. */
  version(): string;
  /** File names, without `.onnx`, of the models that a worker serving these steps needs. */
  modelsForSteps(steps: number, quality: string): string[];
  Session: new (options: SessionOptions) => Session;
  PoseFileEncoder: new () => PoseFileEncoder;
};
