/** Instances of the WebAssembly modules of the page's own thread. */

import type { PageModuleName } from "./assets.js";
import type { Instance } from "./bindings.js";
import { LiveKeypointsError, messageOf } from "./errors.js";
import { VERSION } from "./version.js";

/** What the page has: a second stream, or a recorder, need not fetch it again. */
const compiled = new Map<PageModuleName, WebAssembly.Module>();

/**
 * A new instance for each caller, since one that trapped cannot be used again. Rejects as `compile` does, or with
 * `version-mismatch`.
 */
export async function instantiate<T extends Instance>(
  name: PageModuleName,
  makeBindings: () => T,
  compile: () => Promise<WebAssembly.Module>,
): Promise<T> {
  const module = compiled.get(name) ?? (await compile());
  const bindings = makeBindings();
  const found = await versionOf(module, bindings);
  if (found !== VERSION) {
    const message = `the ${name} module is of version ${found}; this page has ${VERSION}`;
    throw new LiveKeypointsError("version-mismatch", message);
  }
  compiled.set(name, module);
  return bindings;
}

/** The version that the module says it is of. One that does not fit these bindings is of another one, too. */
async function versionOf(
  module: WebAssembly.Module,
  bindings: Instance,
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
