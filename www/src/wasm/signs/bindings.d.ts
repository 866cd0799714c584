/** Stands for what `bundle.mjs` makes of the generated bindings of the recogniser of signs. */

import type { Instance, SignsModule } from "../../bindings.js";

/** New bindings, for an instance of their own. */
export default function makeBindings(): SignsModule & Instance;
