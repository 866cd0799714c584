/** Stands for what `bundle.mjs` makes of the generated bindings of the relay's client. */

import type { Instance, RelayModule } from "../../bindings.js";

/** New bindings, for an instance of their own. */
export default function makeBindings(): RelayModule & Instance;
