/**
 * Makes `dist/`, the package's code, of `src/`: a file for each thing that pages import or start a worker with, so that
 * a page without a bundler waits for two or three requests and not for one behind the other. `build/` has the same
 * modules one by one, for their tests, beside the built WebAssembly modules and their bindings.
 */

import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Folders of `dist/` that others fill. */
const KEPT = ["models", "wasm"];

if (!existsSync(here("build/wasm")))
  throw new Error(
    "there are no WebAssembly modules in build/wasm: run `cargo xtask build-web`",
  );
for (const entry of entriesOf("dist")) {
  const isCode = /\.(js|d\.ts)$/.test(entry.name);
  if (entry.isDirectory() ? !KEPT.includes(entry.name) : isCode)
    rmSync(here(`dist/${entry.name}`), { recursive: true });
}
for (const entry of entriesOf("build"))
  if (entry.name !== "wasm")
    rmSync(here(`build/${entry.name}`), { recursive: true });

const tsc = here("node_modules/typescript/bin/tsc");
execFileSync(process.execPath, [tsc, "-p", here(".")], { stdio: "inherit" });

for (const name of ["session", "relay", "signs"]) await makeBindings(name);

/** What pages import shares what it has in common; a worker's script is one file. */
await bundle(["index", "draw", "pose", "signs", "tasks"], { splitting: true });
await bundle(["worker", "capture/worker"]);

rmSync(here("dist/wasm"), { recursive: true, force: true });
cpSync(here("build/wasm"), here("dist/wasm"), {
  recursive: true,
  filter: (path) => !/\.(js|ts)$/.test(path),
});
/** Beside its module, where a worker finds it, whatever a bundler does with the rest. */
await bundle(["signs/worker"], { outdir: here("dist/wasm") });
cpSync(here("src/signs.schema.json"), here("dist/signs.schema.json"));

/** What lies in a folder, which a fresh clone does not have yet. */
function entriesOf(folder) {
  mkdirSync(here(folder), { recursive: true });
  return readdirSync(here(folder), { withFileTypes: true });
}

function bundle(names, options) {
  return build({
    entryPoints: names.map((name) => here(`build/${name}.js`)),
    outbase: here("build"),
    outdir: here("dist"),
    chunkNames: "shared-[hash]",
    bundle: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    logLevel: "warning",
    ...options,
  });
}

/**
 * Generated bindings hold one instance of their module. As the body of a function they are made anew for each stream, so
 * that a module that trapped is one stream's loss.
 */
async function makeBindings(name) {
  const folder = `build/wasm/${name}`;
  const { outputFiles } = await build({
    entryPoints: [here(`${folder}/${name}.js`)],
    bundle: true,
    write: false,
    format: "cjs",
    target: "es2022",
    charset: "utf8",
  });
  const [{ text }] = outputFiles;
  writeFileSync(
    here(`${folder}/bindings.js`),
    `export default function makeBindings() {\n  const module = { exports: {} };\n${text}  return module.exports;\n}\n`,
  );
}
