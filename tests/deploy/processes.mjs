// Relays and HAProxy as processes of their own on this machine's loopback.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const CONFIGURATION = fileURLToPath(
  new URL("../../crates/relay/deploy/haproxy.cfg", import.meta.url),
);

/**
 * Addresses whose ports are free. Where loopback has more than one address, they are of one that outgoing connections do
 * not take their own ports from, so that they stay free until they are listened on, and while a relay is replaced.
 */
export async function freeAddresses(count) {
  const host = process.platform === "linux" ? "127.0.0.2" : "127.0.0.1";
  const servers = Array.from({ length: count }, () =>
    createServer().listen(0, host),
  );
  await Promise.all(servers.map((server) => once(server, "listening")));
  const addresses = servers.map((server) => `${host}:${server.address().port}`);
  for (const server of servers) server.close();
  await Promise.all(servers.map((server) => once(server, "close")));
  return addresses;
}

/** The program that `LIVE_KEYPOINTS_RELAY` names, once it listens on an address. */
export class Relay {
  #child;

  /** Starts one. Rejects where it ends before it listens. */
  static async start(address) {
    const relay = new Relay();
    relay.address = address;
    const options = ["--listen", address, "--workers", "1"];
    const program = process.env.LIVE_KEYPOINTS_RELAY;
    const child = start(program, ["serve", ...options], { RUST_LOG: "warn" });
    relay.#child = child;
    const says = once(child.stdout, "data");
    await Promise.race([says, endedEarly(child)]);
    child.stdout.resume();
    return relay;
  }

  /** Resolves to its exit code, or the signal that killed it. */
  exit() {
    return exitOf(this.#child);
  }

  kill(signal) {
    this.#child.kill(signal);
  }

  /** Sessions that it has now, as it says itself. */
  async sessions() {
    const response = await fetch(`http://${this.address}/metrics`);
    const text = await response.text();
    return Number(/^live_keypoints_sessions (\d+)$/m.exec(text)[1]);
  }
}

/** HAProxy with the configuration that is deployed. */
export class Proxy {
  /** What it says. */
  lines = [];
  #child;

  /**
   * Starts one before relays at these three addresses; it is reached at `address`. `changed` is called whenever it says
   * something.
   */
  static async start(relayAddresses, changed = () => {}) {
    const proxy = new Proxy();
    [proxy.address] = await freeAddresses(1);
    const [RELAY_1, RELAY_2, RELAY_3] = relayAddresses;
    const variables = { LISTEN: proxy.address, RELAY_1, RELAY_2, RELAY_3 };
    // In the foreground.
    const options = ["-db", "-f", CONFIGURATION];
    const child = start(process.env.HAPROXY, options, variables);
    proxy.#child = child;
    createInterface(child.stdout).on("line", (line) => {
      proxy.lines.push(line);
      changed();
    });
    const isOver = () => child.exitCode !== null || child.signalCode !== null;
    await Promise.race([accepts(proxy.address, isOver), endedEarly(child)]);
    return proxy;
  }

  /** Resolves to its exit code, or the signal that killed it. */
  exit() {
    return exitOf(this.#child);
  }

  kill(signal) {
    this.#child.kill(signal);
  }
}

function start(program, options, variables) {
  return spawn(program, options, {
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function exitOf(child) {
  if (child.exitCode === null && child.signalCode === null)
    await once(child, "exit");
  return child.exitCode ?? child.signalCode;
}

/** Rejects when a program ends, or cannot be started at all. */
async function endedEarly(child) {
  const [code, signal] = await once(child, "exit");
  throw new Error(`${child.spawnfile} ended with ${code ?? signal}`);
}

/** Resolves once somebody listens there: HAProxy does not say when it does. */
async function accepts(address, isOver) {
  const [host, port] = address.split(":");
  while (!isOver()) {
    const socket = connect(Number(port), host);
    try {
      await once(socket, "connect");
      return;
    } catch {
      await pause(10);
    } finally {
      socket.destroy();
    }
  }
}
