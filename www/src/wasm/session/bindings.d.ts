/** Stands for what `bundle.mjs` makes of the generated bindings of the page's module. */

import type { Instance, SessionModule } from "../../bindings.js";

/** New bindings, for an instance of their own. */
export default function makeBindings(): SessionModule & Instance;
