// The real relay, beside the tests' own server, and pages whose policy lets them connect to it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A page of the package that may talk to this relay, and to nobody else. */
export const PAGE = "/pages/relay.html";

/** Starts the relay for pages of `server`; `undefined` where `LIVE_KEYPOINTS_RELAY` names no program. */
export async function startRelay(server, options = []) {
  if (!process.env.LIVE_KEYPOINTS_RELAY && !process.env.CI) return undefined;
  const listen = options.includes("--listen")
    ? []
    : ["--listen", "127.0.0.1:0"];
  const origin = ["--allow-origin", server.address];
  const { host, stop } = await serve([...listen, ...origin, ...options]);
  server.answers.set(PAGE, {
    type: "text/html",
    body: "<!doctype html><link rel=icon href=/icon.svg>",
    policy: `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src 'self'; connect-src 'self' ws://${host}`,
  });
  return { url: `ws://${host}/live-signs`, stop };
}

/** Starts the program that `LIVE_KEYPOINTS_RELAY` names: where it listens, and how to end it. */
export async function serve(options) {
  const binary = process.env.LIVE_KEYPOINTS_RELAY;
  if (!binary) throw new Error("LIVE_KEYPOINTS_RELAY names no program");
  const child = spawn(binary, ["serve", ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const host = await Promise.race([
    said(child.stdout),
    said(child.stderr),
    once(child, "exit").then(([code]) => {
      throw new Error(`the relay ended with ${code} before it listened`);
    }),
  ]);
  return {
    host,
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

/** The address that the program says it listens on. */
async function said(stream) {
  for await (const line of createInterface(stream)) {
    const host = /127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (host && !host.endsWith(":0")) return host;
  }
  return new Promise(() => {});
}
