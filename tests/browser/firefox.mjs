// Firefox for the tests, driven over WebDriver BiDi, which it speaks by itself: no driver is needed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { WebSocket } from "ws";

import { findProgram } from "./browser.mjs";

const NAMES = ["firefox-esr", "firefox"];
const START_TIMEOUT_MS = 60_000;
/** Nothing is asked of Mozilla's servers, and the camera is one that shows a test picture. */
const PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "datareporting.healthreport.uploadEnabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "media.navigator.permission.disabled": true,
  "media.navigator.streams.fake": true,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
  "toolkit.telemetry.enabled": false,
};

/** The browser: `FIREFOX` where it is set, otherwise the first one on the path; `undefined` where there is none. */
export function firefox() {
  return process.env.FIREFOX || findProgram(NAMES);
}

/** Starts it with a fresh profile. `open(address)` gives a page, `version` is its own. */
export async function launchFirefox() {
  const profile = await mkdtemp(join(tmpdir(), "live-keypoints-firefox-"));
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`,
  );
  await writeFile(join(profile, "user.js"), lines.join(""));
  const options = ["--headless", "--no-remote", "--profile", profile];
  const child = spawn(
    firefox(),
    [...options, "--remote-debugging-port", "0", "about:blank"],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill();
      await once(child, "exit");
    }
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const connection = await connect(`${await addressOf(child)}/session`);
    const { capabilities } = await connection.ask("session.new", {
      capabilities: {},
    });
    await connection.ask("session.subscribe", { events: ["log.entryAdded"] });
    return {
      version: capabilities.browserVersion,
      open: (address) => openPage(connection, address),
      close: async () => {
        connection.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where it says that it listens. */
function addressOf(child) {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why) => reject(new Error(`Firefox ${why}: ${said}`));
    const timer = setTimeout(() => fail("says nothing"), START_TIMEOUT_MS);
    child.on("error", reject);
    child.on("exit", (code) => fail(`ended with ${code}`));
    child.stderr.on("data", (data) => {
      said += data;
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
      if (!found) return;
      clearTimeout(timer);
      child.removeAllListeners("exit");
      // It goes on talking, and is heard so that it never waits.
      child.stderr.removeAllListeners("data").resume();
      resolve(found[1]);
    });
  });
}

async function connect(url) {
  const socket = new WebSocket(url);
  await once(socket, "open");
  const answers = new Map();
  const listeners = new Set();
  let number = 0;
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.type === "event") {
      for (const listener of listeners) listener(message);
      return;
    }
    const { resolve, reject } = answers.get(message.id);
    answers.delete(message.id);
    if (message.type === "success") resolve(message.result);
    else reject(new Error(`${message.error}: ${message.message}`));
  });
  socket.on("close", () => {
    for (const { reject } of answers.values())
      reject(new Error("Firefox is gone"));
  });
  return {
    listeners,
    ask: (method, params) =>
      new Promise((resolve, reject) => {
        number += 1;
        answers.set(number, { resolve, reject });
        socket.send(JSON.stringify({ id: number, method, params }));
      }),
    close: () => socket.close(),
  };
}

/** A page; `complaints` gathers what it writes as an error or throws, `run` gives what a function gives in it, as JSON. */
async function openPage(connection, address) {
  const { context } = await connection.ask("browsingContext.create", {
    type: "tab",
  });
  const complaints = [];
  const listener = ({ params }) => {
    if (params.source?.context === context && params.level === "error")
      complaints.push(params.text);
  };
  connection.listeners.add(listener);
  await connection.ask("browsingContext.navigate", {
    ...{ context, url: address, wait: "complete" },
  });
  const run = async (body, argument) => {
    const given = JSON.stringify(argument ?? null);
    const { type, result, exceptionDetails } = await connection.ask(
      "script.evaluate",
      {
        expression: `(${body})(${given}).then((value) => JSON.stringify(value))`,
        target: { context },
        awaitPromise: true,
      },
    );
    if (type === "exception") throw new Error(exceptionDetails.text);
    return result.value === undefined ? undefined : JSON.parse(result.value);
  };
  const close = async () => {
    connection.listeners.delete(listener);
    await connection.ask("browsingContext.close", { context });
  };
  return { run, complaints, close };
}
