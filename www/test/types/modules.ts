// Compiles only where the package's idea of its modules is what was built.

import type {
  Instance,
  RelayModule,
  SessionModule,
  SignsModule,
} from "../../src/bindings.js";
import type * as relay from "../../build/wasm/relay/relay.js";
import type * as session from "../../build/wasm/session/session.js";
import type * as signs from "../../build/wasm/signs/signs.js";

type Built<Module> = Omit<Module, "default"> & Pick<Instance, "default">;

export const ofSession: (
  module: Built<typeof session>,
) => SessionModule & Instance = (module) => module;
export const ofRelay: (
  module: Built<typeof relay>,
) => RelayModule & Instance = (module) => module;
export const ofSigns: (
  module: Built<typeof signs>,
) => SignsModule & Instance = (module) => module;
