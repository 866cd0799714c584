// Runs a WebAssembly program of Rust's target wasm32-wasip1 under Node.js: node wasi.mjs PROGRAM ARGUMENT…
// For tests and measurements of what needs no browser. The program sees this machine's files where they are.

import { readFile } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { WASI } from "node:wasi";

// What is measured is the optimised code from the first call on, as it is in a page that runs for a while.
setFlagsFromString("--no-liftoff");
// Node.js 20 has relaxed SIMD behind a flag, later ones have it always.
if (process.versions.node.startsWith("20.")) {
  setFlagsFromString("--experimental-wasm-relaxed-simd");
}

const [program, ...programArguments] = process.argv.slice(2);
const wasi = new WASI({
  version: "preview1",
  args: [program, ...programArguments],
  env: process.env,
  preopens: { "/": "/" },
  returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(program));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
