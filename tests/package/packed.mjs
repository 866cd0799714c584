// The package as a user gets it: packed, installed into a fixture, served, and run in a browser.

import { execFile } from "node:child_process";
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const WWW = join(HERE, "../../www");
/** Inside `tests`, so that the fixtures find the bundlers. */
const WORK = join(HERE, "work");
const FRAME = join(HERE, "../fixtures/clips/fingers/000.jpg");

const execute = promisify(execFile);
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

let packing;

/** Packs the built package, once: where the tarball is, and what npm says about it. */
export function pack() {
  packing ??= packAnew();
  return packing;
}

async function packAnew() {
  const folder = join(WORK, "tarball");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { stdout } = await execute(
    npm,
    ["pack", "--json", "--pack-destination", folder],
    { cwd: WWW, maxBuffer: 1 << 26 },
  );
  // What `prepack` prints comes first.
  const [about] = Object.values(
    JSON.parse(stdout.slice(stdout.search(/^[[{]/m))),
  );
  return { about, tarball: join(folder, about.filename) };
}

/** What npm says when it does all that publishing takes, but for the upload. */
export function publishForTrial() {
  const args = ["publish", "--dry-run", "--ignore-scripts"];
  return execute(npm, args, { cwd: WWW, maxBuffer: 1 << 26 });
}

/** A fresh copy of a fixture, with the tarball installed and nothing else; gives its folder. */
export async function install(name) {
  const { tarball } = await pack();
  const folder = join(WORK, name);
  await rm(folder, { recursive: true, force: true });
  await cp(join(HERE, "fixtures", name), folder, { recursive: true });
  await cp(join(HERE, "fixtures/app.js"), join(folder, "app.js"));
  const manifest = { name: `fixture-${name}`, private: true, type: "module" };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--offline"];
  await execute(npm, ["install", ...quiet, tarball], { cwd: folder });
  await mkdir(join(folder, "public"), { recursive: true });
  await cp(FRAME, join(folder, "public/frame.jpg"));
  return folder;
}

/** Runs a program of a package that the tests depend on. */
export function runTool(program, args, options = {}) {
  const path = join(HERE, "../node_modules/.bin", program);
  return execute(path, args, { maxBuffer: 1 << 26, ...options });
}

/** All files under a folder. */
export async function filesOf(folder) {
  const entries = await readdir(folder, {
    recursive: true,
    withFileTypes: true,
  });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
