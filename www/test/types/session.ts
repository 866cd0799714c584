// Compiles only where the package's idea of the session module is what was built.

import type { SessionModule } from "../../src/bindings.js";
import type * as session from "../../build/wasm/session/session.js";

export const built: (module: typeof session) => SessionModule = (module) =>
  module;
