// @ts-nocheck
/** The frames of a stream on their way to a relay: what waits to be sent, and what was sent and has no answer yet. */

import { LiveKeypointsError } from "../errors.js";
import type { PreparedFrame } from "../frames.js";
import { indexOf } from "./frame-message.js";
import type { FrameHeader } from "./frame-message.js";

/** A frame that has no result yet. */
export interface OutboxFrame extends FrameHeader {
  prepared: PreparedFrame;
  /** Capture time as it was given; the header's is in whole microseconds. */
  timestampMs: number;
  /** When it was pushed, in milliseconds. */
  pushedMs: number;
  /** Frames before it that were dropped here and are to be counted in its result. */
  droppedBefore: number;
}

/** What an answer settles. */
export interface Settled {
  frame: OutboxFrame;
  /** Frames before it that get no message of their own, dropped here and on the relay. */
  dropped: number;
}

/** Stills that may wait, as in a session of the page. */
const MAX_WAITING_STILLS = 4;

/**
 * Neither clock nor socket: its owner says what happened. Holds `bufferSize` waiting frames at most, the newest.
 *
 * A relay answers the frames of a stream in their order. So an answer settles all that were sent before its frame: those
 * without an answer of their own were dropped. Only a `reset` may throw the last ones away, with no answer to follow.
 */
export class Outbox {
  readonly #bufferSize: number;
  readonly #waiting: OutboxFrame[] = [];
  readonly #stills: OutboxFrame[] = [];
  readonly #sent = new Map<number, OutboxFrame>();
  #taken: OutboxFrame | undefined;
  #nextIndex = 0;
  #newestSent = -1;
  /** Frames of the stream before this one may have been thrown away by a reset. */
  #firstSinceReset = 0;
  #dropped = 0;
  #droppedBeforeNext = 0;

  constructor(bufferSize: number) {
    this.#bufferSize = bufferSize;
  }

  /** Frames of both kinds so far. */
  get received(): number {
    return this.#nextIndex;
  }

  /** Frames that were dropped, here and on the relay. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Frames that wait to be sent. */
  get waiting(): number {
    return this.#waiting.length + this.#stills.length;
  }

  /** Frames that have left the buffer and have no answer. */
  get inFlight(): number {
    return this.#sent.size + (this.#taken ? 1 : 0);
  }

  /** Frames that were sent and have no answer. */
  get unanswered(): number {
    return this.#sent.size;
  }

  /** Frames that were sent and for which an answer must come, to them or to newer ones. */
  get owed(): number {
    let owed = 0;
    for (const frame of this.#sent.values()) if (this.#isOwed(frame)) owed += 1;
    return owed;
  }

  /** Whether another frame may be sent, where so many may be unanswered; as many more may be from before a reset. */
  hasRoom(maxUnanswered: number): boolean {
    const taken = this.#taken ? 1 : 0;
    return (
      this.owed + taken < maxUnanswered && this.inFlight < 2 * maxUnanswered
    );
  }

  /** A frame of the stream waits; where there is no room, the oldest one is given back and counted. */
  add(
    prepared: PreparedFrame,
    timestampMs: number,
    pushedMs: number,
  ): { index: number; evicted: OutboxFrame | undefined } {
    const index = this.#nextIndex++;
    const droppedBefore = this.#droppedBeforeNext;
    this.#droppedBeforeNext = 0;
    this.#waiting.push({
      ...{ index, timestampUs: microseconds(timestampMs), isStill: false },
      ...{ prepared, timestampMs, pushedMs, droppedBefore },
    });
    return { index, evicted: this.#evictIfFull() };
  }

  /** A still waits. Throws `busy`, and does not look at the picture, where there is no room. */
  addStill(
    prepare: () => PreparedFrame,
    timestampMs: number,
    pushedMs: number,
  ): number {
    if (this.#stills.length >= MAX_WAITING_STILLS) {
      throw new LiveKeypointsError(
        "busy",
        `${MAX_WAITING_STILLS} stateless pictures are waiting already`,
      );
    }
    const prepared = prepare();
    const index = this.#nextIndex++;
    this.#stills.push({
      ...{ index, timestampUs: microseconds(timestampMs), isStill: true },
      ...{ prepared, timestampMs, pushedMs, droppedBefore: 0 },
    });
    return index;
  }

  /**
   * The next frame to be sent, stills first. `sent`, `failed` or `putBack` must follow before the next `take`; they do
   * nothing, and `isTaken` is false, where `reset` came between.
   */
  take(): OutboxFrame | undefined {
    this.#taken = this.#stills.shift() ?? this.#waiting.shift();
    return this.#taken;
  }

  /** Whether a frame is the taken one. */
  isTaken(frame: OutboxFrame): boolean {
    return this.#taken === frame;
  }

  /** The taken frame is on its way. */
  sent(frame: OutboxFrame): void {
    if (!this.#untake(frame)) return;
    this.#sent.set(frame.index, frame);
    // A still goes before older frames of the stream.
    this.#newestSent = Math.max(this.#newestSent, frame.index);
  }

  /** The taken frame cannot be sent at all. */
  failed(frame: OutboxFrame): void {
    this.#untake(frame);
  }

  /** The taken frame could not be sent now: it waits again, in its place. Gives back what there is no room for. */
  putBack(
    frame: OutboxFrame,
    prepared: PreparedFrame,
  ): OutboxFrame | undefined {
    if (!this.#untake(frame)) return undefined;
    frame.prepared = prepared;
    if (frame.isStill) {
      this.#stills.unshift(frame);
      return undefined;
    }
    this.#waiting.unshift(frame);
    return this.#evictIfFull();
  }

  /**
   * An answer came: its frame is settled, and with it the frames of the stream that were sent before. `undefined` where it
   * was settled already. Throws `invalid-message` for a frame that was never sent.
   */
  answered(frameId: number): Settled | undefined {
    const index = indexOf(frameId, this.#newestSent);
    if (index < 0) {
      throw new LiveKeypointsError(
        "invalid-message",
        `The relay answered frame ${frameId}, which was not sent.`,
      );
    }
    const frame = this.#sent.get(index);
    if (!frame) return undefined;
    this.#sent.delete(index);
    const dropped = frame.isStill
      ? 0
      : this.#drop((other) => !other.isStill && other.index < index);
    return { frame, dropped: dropped + frame.droppedBefore };
  }

  /** No answer comes any more to the frames that are not owed one: they were dropped. */
  forgetThrownAway(): void {
    this.#countBeforeNext(this.#drop((frame) => !this.#isOwed(frame)));
  }

  /** The connection is lost: the frames that have no answer, which will get none. */
  lost(): OutboxFrame[] {
    const frames = [...this.#sent.values()];
    this.#sent.clear();
    return frames;
  }

  /** Throws the waiting frames of the stream away, the taken one included; those that waited are given back. */
  reset(): OutboxFrame[] {
    const frames = this.#waiting.splice(0);
    const thrownAway = [...frames];
    if (this.#taken && !this.#taken.isStill) {
      thrownAway.push(this.#taken);
      this.#taken = undefined;
    }
    for (const { droppedBefore } of thrownAway)
      this.#droppedBeforeNext += droppedBefore + 1;
    this.#dropped += thrownAway.length;
    this.#firstSinceReset = this.#nextIndex;
    return frames;
  }

  /** Everything that waits, to be let go. */
  clear(): OutboxFrame[] {
    this.#sent.clear();
    return [...this.#waiting.splice(0), ...this.#stills.splice(0)];
  }

  #untake(frame: OutboxFrame): boolean {
    if (this.#taken !== frame) return false;
    this.#taken = undefined;
    return true;
  }

  #isOwed({ isStill, index }: OutboxFrame): boolean {
    return isStill || index >= this.#firstSinceReset;
  }

  /** Counts frames that were sent as dropped; returns their number, with what had been dropped before each. */
  #drop(isDropped: (frame: OutboxFrame) => boolean): number {
    let count = 0;
    for (const frame of this.#sent.values()) {
      if (!isDropped(frame)) continue;
      this.#sent.delete(frame.index);
      this.#dropped += 1;
      count += frame.droppedBefore + 1;
    }
    return count;
  }

  /** Lets the next frame of the stream count what was dropped before it. */
  #countBeforeNext(count: number): void {
    const taken = this.#taken?.isStill ? undefined : this.#taken;
    const next = taken ?? this.#waiting[0];
    if (next) next.droppedBefore += count;
    else this.#droppedBeforeNext += count;
  }

  #evictIfFull(): OutboxFrame | undefined {
    if (this.#waiting.length <= this.#bufferSize) return undefined;
    // There is more than one, as a buffer has room for one at least.
    const oldest = this.#waiting.shift()!;
    this.#dropped += 1;
    this.#waiting[0]!.droppedBefore += oldest.droppedBefore + 1;
    return oldest;
  }
}

/** Whole microseconds, as many as a header has room for. */
function microseconds(milliseconds: number): number {
  const most = 2 ** 62;
  return Math.min(most, Math.max(-most, Math.round(milliseconds * 1000)));
}
