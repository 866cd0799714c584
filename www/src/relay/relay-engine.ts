/** The engine that lets a relay compute: the client of the relay, a module that only pages with a relay load. */

import { aborted } from "../errors.js";
import { compiledModule } from "../assets.js";
import { Engine } from "../engine.js";
import { instantiate } from "../module-load.js";
import type { CONNECT_OPTIONS, ConnectOptions } from "../generated/options.js";
import type { Checked } from "../option-checks.js";
import { requireWebAssembly } from "../simd.js";
import makeBindings from "../wasm/relay/bindings.js";
import { createSocket } from "./socket.js";
import type { RelayAddress } from "./socket.js";

/** Opens the first connection. `options` have been checked. On any failure nothing is left behind. */
export async function startRelay(
  address: RelayAddress,
  options: Checked<ConnectOptions, typeof CONNECT_OPTIONS>,
): Promise<Engine> {
  const { assets, signal } = options;
  if (signal?.aborted) throw aborted();
  requireWebAssembly();
  return Engine.start("relay", async (hooks) => {
    const { RelayStream } = await instantiate("relay", makeBindings, () =>
      compiledModule("relay", assets, signal),
    );
    return RelayStream.start({
      ...address,
      ...{ options, signal },
      createSocket: options.createSocket ?? createSocket,
      ...hooks,
    });
  });
}
