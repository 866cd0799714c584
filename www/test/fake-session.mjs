// A session in JavaScript with the contract of the WebAssembly one: order, drops and results, and no landmarks.

const DECODE = 1;
const BRANCHES = { pose: 2, leftHand: 4, rightHand: 8, face: 16 };

export class FakeSession {
  constructor(options = {}) {
    this.options = {
      parts: ["pose", "hands", "face"],
      bufferSize: 50,
      maxFramesInFlight: 3,
      ...options,
    };
    this.branches = ["pose"];
    if (this.options.parts.includes("hands"))
      this.branches.push("leftHand", "rightHand");
    if (this.options.parts.includes("face")) this.branches.push("face");
    this.nextIndex = 0;
    this.nextTicket = 1;
    this.waiting = [];
    this.inFlight = [];
    this.results = [];
    this.tickets = new Map();
    this.droppedSince = 0;
    this.counts = { received: 0, dropped: 0, completed: 0, failed: 0 };
    this.isFreed = false;
  }

  addFrame(timestampMs, nowMs) {
    const frame = this.#frame(timestampMs, nowMs, false);
    let evicted;
    if (
      this.waiting.filter((other) => !other.isStill).length >=
      this.options.bufferSize
    ) {
      evicted = this.waiting.splice(
        this.waiting.findIndex((other) => !other.isStill),
        1,
      )[0].index;
      this.counts.dropped += 1;
      this.droppedSince += 1;
    }
    this.waiting.push(frame);
    return { index: frame.index, evicted };
  }

  addStill(nowMs) {
    if (this.waiting.filter((frame) => frame.isStill).length >= 4) {
      throw Object.assign(
        new Error("4 stateless pictures are waiting already"),
        { code: "busy" },
      );
    }
    const frame = this.#frame(0, nowMs, true);
    this.waiting.push(frame);
    return frame.index;
  }

  nextTask(steps, nowMs) {
    for (const [at, frame] of this.inFlight.entries()) {
      if (!frame.isDecoded || frame.failure) continue;
      for (const branch of this.branches) {
        if (!(steps & BRANCHES[branch]) || frame.started.has(branch)) continue;
        if (branch !== "pose" && !frame.done.has("pose")) continue;
        const before = this.inFlight
          .slice(0, at)
          .filter((other) => !other.failure);
        if (before.some((other) => !other.done.has(branch))) continue;
        frame.started.add(branch);
        return this.#task(frame, BRANCHES[branch], branch, nowMs);
      }
    }
    if (steps & DECODE && this.waiting.length > 0) {
      if (this.inFlight.length >= this.options.maxFramesInFlight)
        return undefined;
      const frame = this.waiting.shift();
      this.inFlight.push(frame);
      frame.startedMs = nowMs;
      return this.#task(frame, DECODE, "decode", nowMs);
    }
    return undefined;
  }

  completeDecode(ticket, width, height, elapsedUs, nowMs) {
    const { frame } = this.#take(ticket);
    frame.isDecoded = true;
    Object.assign(frame, { width, height });
    frame.timings.decode = elapsedUs / 1000;
    return this.#settle(frame, nowMs);
  }

  completeBranch(ticket, outcome, elapsedUs, nowMs) {
    const { frame, name } = this.#take(ticket);
    frame.done.add(name);
    frame.outcomes[name] = outcome;
    frame.timings[name] = elapsedUs / 1000;
    return this.#settle(frame, nowMs);
  }

  fail(ticket, code, message, nowMs) {
    const { frame } = this.#take(ticket);
    frame.failure ??= { code, message };
    return this.#settle(frame, nowMs);
  }

  nextResult() {
    return this.results.shift();
  }

  reset() {
    const thrownAway = this.waiting
      .filter((frame) => !frame.isStill)
      .map((frame) => frame.index);
    this.waiting = this.waiting.filter((frame) => frame.isStill);
    this.counts.dropped += thrownAway.length;
    return Float64Array.from(thrownAway);
  }

  stats() {
    const { waiting, inFlight, results } = this;
    return {
      ...this.counts,
      buffered: waiting.length,
      inFlight: inFlight.length,
      unread: results.length,
    };
  }

  free() {
    this.isFreed = true;
  }

  /** What a result says of the landmarks; a derived class may know more. */
  landmarks(_frame) {
    return { pose: null };
  }

  #frame(timestampMs, nowMs, isStill) {
    this.counts.received += 1;
    const timings = {
      queue: 0,
      decode: 0,
      pose: 0,
      leftHand: 0,
      rightHand: 0,
      face: 0,
      total: 0,
    };
    const index = this.nextIndex++;
    return {
      ...{ index, timestampMs, addedMs: nowMs, isStill, timings },
      ...{ started: new Set(), done: new Set(), running: 0, outcomes: {} },
    };
  }

  #task(frame, step, name, nowMs) {
    const ticket = this.nextTicket++;
    this.tickets.set(ticket, { frame, name, nowMs });
    frame.running += 1;
    const job =
      step === DECODE ? undefined : Uint8Array.of(step, frame.index & 255);
    return { ticket, frame: frame.index, step, job };
  }

  #take(ticket) {
    const task = this.tickets.get(ticket);
    if (!task) throw new Error(`no ticket ${ticket}`);
    this.tickets.delete(ticket);
    task.frame.running -= 1;
    return task;
  }

  #settle(frame, nowMs) {
    const isDone = this.branches.every((branch) => frame.done.has(branch));
    frame.isOver =
      frame.running === 0 && (isDone || frame.failure !== undefined);
    frame.timings.queue = frame.startedMs - frame.addedMs;
    frame.timings.total = nowMs - frame.addedMs;
    while (this.inFlight[0]?.isOver)
      this.results.push(this.#result(this.inFlight.shift()));
    return frame.isOver;
  }

  #result(frame) {
    const { index, timestampMs, width, height, timings } = frame;
    const dropped = this.droppedSince;
    this.droppedSince = 0;
    this.counts[frame.failure ? "failed" : "completed"] += 1;
    if (frame.failure)
      return { kind: "error", index, timestampMs, dropped, ...frame.failure };
    return {
      ...{
        kind: "keypoints",
        index,
        timestampMs,
        width,
        height,
        dropped,
        timings,
      },
      ...{
        scores: { pose: null, leftHand: null, rightHand: null, face: null },
        missing: {},
      },
      ...this.landmarks(frame),
    };
  }
}
