/** Stands for the generated bindings while TypeScript is compiled: there may be none yet. */

import type { InitModule, Runner as RunnerMethods } from "../../bindings.js";

declare const init: InitModule;
export default init;

/** Version of the crate that the module was built from. */
export function version(): string;

export const Runner: new () => RunnerMethods;
