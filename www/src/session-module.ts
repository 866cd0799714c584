/** The WebAssembly module of the page's own thread, with its bindings. */

import type { AssetLoader } from "./assets.js";
import type { SessionModule } from "./bindings.js";
import { LiveKeypointsError, messageOf } from "./errors.js";
import { VERSION } from "./version.js";
import { versionMismatch } from "./worker-slot.js";

/** Set once the page has it: a second stream, or a recorder, need not fetch it again. */
let loaded: SessionModule | undefined;

/** Loads it. Rejects with `asset-unreachable`, `asset-wrong-type`, `version-mismatch` or `aborted`. */
export async function loadSession(loader: AssetLoader): Promise<SessionModule> {
  if (loaded) return loaded;
  const [bindings, module] = await Promise.all([
    import("./wasm/session/session.js").catch(bindingsMissing),
    loader.module("session"),
  ]);
  await bindings.default({ module_or_path: module });
  if (bindings.version() !== VERSION)
    throw versionMismatch("the session module", bindings.version());
  loaded = bindings;
  return bindings;
}

function bindingsMissing(error: unknown): never {
  const message = `The session module's bindings could not be imported: ${messageOf(error)}`;
  throw new LiveKeypointsError("asset-unreachable", message, { cause: error });
}
