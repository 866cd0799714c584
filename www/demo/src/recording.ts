/** Keeps results and hands them out as a file. */

import type { Keypoints } from "live-keypoints";
import { PoseRecorder } from "live-keypoints/pose";
import { LinesRecorder } from "./json-lines.js";

/** About ten minutes at 15 frames a second: 184 MB of JSON lines, 84 MB of `.pose`. */
const MOST_FRAMES = 9000;

/** What takes results of one format. */
interface Recorder {
  readonly frames: number;
  add(keypoints: Keypoints): void;
  toBlob(): Blob;
}

/** Points of a face. */
type FacePoints = 468 | 478;

const FORMATS: Readonly<
  Record<
    string,
    { name: string; open: (face: FacePoints) => Promise<Recorder> }
  >
> = {
  jsonl: { name: "keypoints.jsonl", open: async () => new LinesRecorder() },
  pose: {
    name: "keypoints.pose",
    open: (face) => PoseRecorder.create({ maxFrames: MOST_FRAMES, face }),
  },
};

export interface RecordingElements {
  button: HTMLButtonElement;
  format: HTMLSelectElement;
  status: HTMLElement;
}

export class Recording {
  readonly #elements: RecordingElements;
  readonly #facePoints: () => FacePoints;
  readonly #fail: (error: unknown) => void;
  #recorder: Recorder | undefined;

  /** `facePoints` says what faces have now; `fail` is told why there can be no recording. */
  constructor(
    elements: RecordingElements,
    facePoints: () => FacePoints,
    fail: (error: unknown) => void,
  ) {
    this.#elements = elements;
    this.#facePoints = facePoints;
    this.#fail = fail;
    elements.button.addEventListener("click", () => {
      if (this.#recorder) this.#finish(this.#recorder);
      else this.#start().catch(fail);
    });
  }

  add(keypoints: Keypoints): void {
    const recorder = this.#recorder;
    if (!recorder) return;
    try {
      recorder.add(keypoints);
    } catch (error) {
      this.#fail(error);
      return this.#finish(recorder);
    }
    this.#elements.button.textContent = `Save ${recorder.frames} frames`;
    if (recorder.frames === MOST_FRAMES) this.#finish(recorder);
  }

  async #start(): Promise<void> {
    const { button, format, status } = this.#elements;
    button.disabled = true;
    try {
      this.#recorder = await this.#chosen.open(this.#facePoints());
    } finally {
      button.disabled = false;
    }
    format.disabled = true;
    button.textContent = "Save 0 frames";
    button.classList.add("recording");
    status.textContent = "Recording the keypoints.";
  }

  #finish(recorder: Recorder): void {
    const { button, format, status } = this.#elements;
    this.#recorder = undefined;
    format.disabled = false;
    button.textContent = "Record";
    button.classList.remove("recording");
    if (recorder.frames === 0) {
      status.textContent = "Nothing was recorded.";
      return;
    }
    const { name } = this.#chosen;
    save(recorder.toBlob(), name);
    status.textContent = `${recorder.frames} frames were saved as ${name}.`;
  }

  get #chosen(): (typeof FORMATS)[string] {
    return FORMATS[this.#elements.format.value]!;
  }
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
