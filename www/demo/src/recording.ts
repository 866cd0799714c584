/** Keeps results and hands them out as a file. */

import type { Keypoints } from "live-keypoints";
import { jsonLine } from "./json-lines.js";

/** About ten minutes at 15 frames a second, 70 MB. */
const MOST_FRAMES = 9000;

export class Recording {
  readonly #button: HTMLButtonElement;
  readonly #status: HTMLElement;
  #frames: Keypoints[] | undefined;

  constructor(button: HTMLButtonElement, status: HTMLElement) {
    this.#button = button;
    this.#status = status;
    button.addEventListener("click", () => {
      if (this.#frames) this.#finish();
      else this.#start();
    });
  }

  add(keypoints: Keypoints): void {
    if (!this.#frames) return;
    this.#frames.push(keypoints);
    this.#button.textContent = `Save ${this.#frames.length} frames`;
    if (this.#frames.length === MOST_FRAMES) this.#finish();
  }

  #start(): void {
    this.#frames = [];
    this.#button.textContent = "Save 0 frames";
    this.#button.classList.add("recording");
    this.#status.textContent = "Recording the keypoints.";
  }

  #finish(): void {
    const frames = this.#frames ?? [];
    this.#frames = undefined;
    this.#button.textContent = "Record";
    this.#button.classList.remove("recording");
    if (frames.length === 0) {
      this.#status.textContent = "Nothing was recorded.";
      return;
    }
    const lines = frames.map((keypoints) => `${jsonLine(keypoints)}\n`);
    save(new Blob(lines, { type: "application/jsonl" }), "keypoints.jsonl");
    this.#status.textContent = `${frames.length} frames were saved as keypoints.jsonl.`;
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
