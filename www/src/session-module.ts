/** The WebAssembly module of the page's own thread, with its bindings. */

import type { SessionModule } from "./bindings.js";
import { LiveKeypointsError, messageOf } from "./errors.js";
import { VERSION } from "./version.js";
import makeBindings from "./wasm/session/bindings.js";

/** Set once the page has it: a second stream, or a recorder, need not fetch it again. */
let compiled: WebAssembly.Module | undefined;

/**
 * A new instance for each caller, since one that trapped cannot be used again. Rejects with `asset-unreachable`,
 * `asset-wrong-type`, `version-mismatch` or `aborted`.
 */
export async function loadSession(
  compile: () => Promise<WebAssembly.Module>,
): Promise<SessionModule> {
  const module = compiled ?? (await compile());
  const bindings = makeBindings();
  const found = await versionOf(module, bindings);
  if (found !== VERSION) {
    const message = `the session module is of version ${found}; this page has ${VERSION}`;
    throw new LiveKeypointsError("version-mismatch", message);
  }
  compiled = module;
  return bindings;
}

/** The version that the module says it is of. One that does not fit these bindings is of another one, too. */
async function versionOf(
  module: WebAssembly.Module,
  bindings: ReturnType<typeof makeBindings>,
): Promise<string> {
  try {
    await bindings.default({ module_or_path: module });
    return bindings.version();
  } catch (error) {
    const isMisfit =
      error instanceof WebAssembly.LinkError || error instanceof TypeError;
    if (!isMisfit) throw error;
    return `unknown: ${messageOf(error)}`;
  }
}
