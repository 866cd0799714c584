// @ts-nocheck
/** The way to a relay over as many connections as it takes: opens lost ones again, after a while that grows. */

import { aborted } from "../asset-fetch.js";
import type { ConnectionState } from "../generated/results.js";
import { asLiveKeypointsError, LiveKeypointsError } from "../errors.js";
import { backOffMs } from "./back-off.js";
import { Connection } from "./connection.js";
import type { Closing, RelayAnswer } from "./connection.js";
import type { CheckedConnectOptions } from "./options.js";
import { subprotocols } from "./socket.js";
import type { RelayAddress, SocketLike } from "./socket.js";

/** What a link needs of its surroundings. */
export interface RelaySurroundings {
  createSocket: (url: string, protocols: string[]) => SocketLike;
  /** From 0 to 1, for the back-off. */
  random: () => number;
}

/** What a link tells its owner; nothing after `close`. */
export interface LinkEvents {
  /** A connection can take frames. */
  ready(connection: Connection): void;
  /** A frame has its answer. Throws what makes the connection useless. */
  answer(answer: RelayAnswer): void;
  /** A connection is over, and every frame without an answer with it. Returns whether another one is needed now. */
  lost(error: LiveKeypointsError): boolean;
  /** There will be no other connection. */
  fatal(error: LiveKeypointsError): void;
  state(state: ConnectionState): void;
}

interface Settle {
  resolve: () => void;
  reject: (error: LiveKeypointsError) => void;
}

/** Has at most one connection at a time. */
export class Link {
  /** Connections that were lost. */
  lost = 0;
  readonly #address: RelayAddress;
  readonly #options: CheckedConnectOptions;
  readonly #surroundings: RelaySurroundings;
  readonly #events: LinkEvents;
  #connection: Connection | undefined;
  #state: ConnectionState["state"] = "connecting";
  #starting: Settle | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #isClosed = false;

  constructor(
    address: RelayAddress,
    options: CheckedConnectOptions,
    surroundings: RelaySurroundings,
    events: LinkEvents,
  ) {
    this.#address = address;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#events = events;
  }

  get state(): ConnectionState["state"] {
    return this.#state;
  }

  /** The connection, where it can take frames. */
  get ready(): Connection | undefined {
    return this.#connection?.isReady ? this.#connection : undefined;
  }

  /** Opens the first connection. Rejects where it cannot be had or is aborted; there is no second attempt. */
  async start(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw aborted();
    const abort = (): void => this.#starting?.reject(aborted());
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#starting = { resolve, reject };
        this.#open();
      });
    } finally {
      this.#starting = undefined;
      signal?.removeEventListener("abort", abort);
    }
  }

  /** There are frames: a connection that the relay ended for want of them is opened again. */
  wake(): void {
    if (this.#state === "idle" && !this.#isClosed) this.#open();
  }

  /** The relay does what it should: the next loss is the first one again. */
  proved(): void {
    this.#attempt = 0;
  }

  /** Gives the connection up, and opens another one. */
  lose(reason: string): void {
    this.#connection?.lose(reason);
  }

  /** Ends it for good. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    this.#connection?.close();
    this.#connection = undefined;
  }

  #open(): void {
    this.#tell({ state: "connecting" });
    const { configure, connectTimeoutMs, parts, token } = this.#options;
    let socket: SocketLike;
    try {
      socket = this.#surroundings.createSocket(
        this.#address.url,
        subprotocols(token),
      );
    } catch (error) {
      const refusal = asLiveKeypointsError(error, "connection-lost");
      return this.#closed({ kind: "refused", error: refusal });
    }
    const { name } = this.#address;
    const connection = new Connection(
      socket,
      { name, parts, configure, timeoutMs: connectTimeoutMs },
      {
        ready: () => this.#ready(connection),
        answer: this.#events.answer,
        closed: (closing) => this.#closed(closing),
      },
    );
    this.#connection = connection;
  }

  #ready(connection: Connection): void {
    this.#starting?.resolve();
    this.#tell({ state: "open" });
    this.#events.ready(connection);
  }

  #closed({ kind, error }: Closing): void {
    this.#connection = undefined;
    if (this.#starting) return this.#starting.reject(error);
    this.lost += 1;
    const isNeeded = this.#events.lost(error);
    if (this.#isClosed) return;
    if (kind === "refused") return this.#events.fatal(error);
    if (kind === "ended" && !isNeeded)
      return this.#tell({ state: "idle", reason: error.message });
    this.#retry(error);
  }

  #retry(error: LiveKeypointsError): void {
    const { backOff, maxAttempts } = this.#options;
    if (this.#attempt >= maxAttempts) return this.#events.fatal(error);
    const random = this.#surroundings.random();
    const retryInMs = backOffMs(backOff, this.#attempt, random);
    this.#attempt += 1;
    this.#retryTimer = setTimeout(() => this.#open(), retryInMs);
    this.#tell({ state: "waiting", reason: error.message, retryInMs });
  }

  #tell(state: ConnectionState): void {
    this.#state = state.state;
    this.#events.state(state);
  }
}
