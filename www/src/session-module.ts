/** The WebAssembly module of the page's own thread, with its bindings. */

import type { AssetLoader } from "./assets.js";
import type { SessionModule } from "./bindings.js";
import { messageOf } from "./errors.js";
import { VERSION } from "./version.js";
import initSession, {
  modelsForSteps,
  PoseFileEncoder,
  Session,
  version,
} from "./wasm/session/session.js";
import { versionMismatch } from "./worker-slot.js";

const bindings: SessionModule = { modelsForSteps, Session, PoseFileEncoder };

/** Set once the page has it: a second stream, or a recorder, need not fetch it again. */
let isLoaded = false;

/** Loads it. Rejects with `asset-unreachable`, `asset-wrong-type`, `version-mismatch` or `aborted`. */
export async function loadSession(loader: AssetLoader): Promise<SessionModule> {
  if (isLoaded) return bindings;
  const module = await loader.session();
  const found = await versionOf(module);
  if (found !== VERSION) throw versionMismatch("the session module", found);
  isLoaded = true;
  return bindings;
}

/** The version that the module says it is of. One that does not fit these bindings is of another one, too. */
async function versionOf(module: WebAssembly.Module): Promise<string> {
  try {
    await initSession({ module_or_path: module });
    return version();
  } catch (error) {
    const isMisfit =
      error instanceof WebAssembly.LinkError || error instanceof TypeError;
    if (!isMisfit) throw error;
    return `unknown: ${messageOf(error)}`;
  }
}
