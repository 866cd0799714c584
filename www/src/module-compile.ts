/** Compiling a WebAssembly module, wherever it comes from, and saying plainly when it is none. */

import { answerOf, contentType, readPieces, wrongType } from "./asset-fetch.js";
import type { OnPiece } from "./asset-fetch.js";
import type { AssetSource, ModuleName } from "./assets.js";
import { baseOfPage } from "./asset-urls.js";
import { aborted, LiveKeypointsError, messageOf } from "./errors.js";
import { isOneAddress } from "./option-checks.js";

/**
 * Compiles a module while it arrives, and tells of its pieces where it is asked for past the HTTP cache. Rejects with
 * `asset-unreachable`, `asset-wrong-type`, `worker-failed` where the page's policy forbids WebAssembly, or `aborted`.
 */
export async function compileModule(
  name: ModuleName,
  source: AssetSource,
  request: RequestInit = {},
  onPiece: OnPiece = () => {},
): Promise<WebAssembly.Module> {
  if (source instanceof Blob)
    return compileBytes(name, await source.arrayBuffer());
  if (isOneAddress(source)) {
    const bytes = await readByNode(name, source);
    if (bytes) return compileBytes(name, bytes);
  } else if (!(source instanceof Response)) return compileBytes(name, source);
  const response = await answerOf(name, source, request);
  const type = contentType(response);
  // Not at the first attempt: of an answer that was copied, browsers keep no compiled code.
  if (request.cache === "no-store")
    readPieces(response.clone(), onPiece).catch(() => {}); // The answer itself breaks off, too.
  try {
    // The untouched response: browsers then keep the compiled code with it in their cache.
    if (type === "application/wasm")
      return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    if (request.signal?.aborted) throw aborted();
    throw compileError(error) ?? wrongType(name, response, messageOf(error));
  }
}

/** Node.js, where a relay can be used as well, fetches no files: it reads them. */
async function readByNode(
  name: ModuleName,
  source: string | URL,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { process } = globalThis as { process?: NodeProcess };
  const files = process?.getBuiltinModule?.("node:fs/promises");
  if (!files) return undefined;
  const url = new URL(source, baseOfPage());
  if (url.protocol !== "file:") return undefined;
  try {
    return await files.readFile(url);
  } catch (error) {
    const message = `${name} could not be read from ${url.href}: ${messageOf(error)}`;
    throw new LiveKeypointsError("asset-unreachable", message, {
      cause: error,
    });
  }
}

/** What is used of Node.js. */
interface NodeProcess {
  getBuiltinModule?(name: "node:fs/promises"): {
    readFile(url: URL): Promise<Uint8Array<ArrayBuffer>>;
  };
}

async function compileBytes(
  name: ModuleName,
  bytes: BufferSource,
): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    const message = `the bytes given as ${name} are not its WebAssembly module: ${messageOf(error)}`;
    throw (
      compileError(error) ??
      new LiveKeypointsError("asset-wrong-type", message, { cause: error })
    );
  }
}

/** A page's policy may forbid WebAssembly altogether: that is no fault of the asset. */
function compileError(error: unknown): LiveKeypointsError | undefined {
  if (!/content security policy/i.test(messageOf(error))) return undefined;
  const message = `The page's Content-Security-Policy forbids WebAssembly; script-src needs 'wasm-unsafe-eval'. ${messageOf(error)}`;
  return new LiveKeypointsError("worker-failed", message, { cause: error });
}
