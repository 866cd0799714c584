/** The page's module: streams that it computes, and recordings. */

import { compiledModule } from "./assets.js";
import type { AssetsOption } from "./assets.js";
import type { SessionModule } from "./bindings.js";
import { instantiate } from "./module-load.js";
import type { Progress } from "./generated/results.js";
import makeBindings from "./wasm/session/bindings.js";

/** A new instance. Rejects with `asset-unreachable`, `asset-wrong-type`, `version-mismatch` or `aborted`. */
export function loadSession(
  assets: AssetsOption | undefined,
  signal?: AbortSignal | null,
  onProgress?: (progress: Progress) => void,
): Promise<SessionModule> {
  return instantiate("session", makeBindings, () =>
    compiledModule("session", assets, signal, onProgress),
  );
}
