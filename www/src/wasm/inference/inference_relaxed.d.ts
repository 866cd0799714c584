/** Stands for the generated bindings while TypeScript is compiled: there may be none yet. */

import type { Instance } from "../../bindings.js";

declare const init: Instance["default"];
export default init;

/** What runs in a worker once its module is there. */
export class InferenceWorker {
  /** Takes a message of the page's module. */
  receive(data: unknown): void;
}
