/** Frames a second, latency, drops, and the time of each step on each worker. */

import type { Keypoints, Stats, Step } from "live-keypoints";

import { STEP_CLASSES, stepLabel } from "./colors.js";
import { graphToRun } from "./settings.js";
import type { Settings } from "./settings.js";

/** Results that the figures are taken over. */
const WINDOW_MS = 2000;
const UPDATE_INTERVAL_MS = 250;

interface StepRow {
  step: Step;
  bar: HTMLElement;
  number: HTMLElement;
}

export class Figures {
  readonly #fps = element("fps");
  readonly #latency = element("latency");
  readonly #dropped = element("dropped");
  readonly #body = element("steps");
  #rows: StepRow[] = [];
  #recent: { at: number; keypoints: Keypoints }[] = [];
  #updatedAt = 0;

  /** Begins anew, with a row for each step of each worker, or of the relay. */
  restart(stats: Stats, settings: Settings): void {
    this.#recent = [];
    this.#rows = [];
    this.#body.replaceChildren();
    const places = stats.connection
      ? [{ name: "Relay", steps: stepsOf(settings) }]
      : stats.workers.map(({ steps }, worker) => ({
          ...{ name: String(worker + 1), steps },
        }));
    for (const { name, steps } of places)
      steps.forEach((step, at) => {
        const label = stepLabel(step, graphToRun(settings));
        this.#addRow(name, steps.length, step, label, at);
      });
    for (const figure of [this.#fps, this.#latency, this.#dropped])
      figure.textContent = "–";
  }

  /** Counts a result; the page is told four times a second. */
  add(keypoints: Keypoints, stats: Stats): void {
    const now = performance.now();
    this.#recent.push({ at: now, keypoints });
    while (this.#recent[0]!.at < now - WINDOW_MS) this.#recent.shift();
    if (now - this.#updatedAt < UPDATE_INTERVAL_MS) return;
    this.#updatedAt = now;
    this.#update(stats);
  }

  #update(stats: Stats): void {
    const first = this.#recent[0]!;
    const last = this.#recent.at(-1)!;
    const seconds = (last.at - first.at) / 1000;
    if (seconds > 0)
      this.#fps.textContent = ((this.#recent.length - 1) / seconds).toFixed(1);
    this.#latency.textContent = this.#median(
      (keypoints) => keypoints.timings.total,
    ).toFixed(0);
    this.#dropped.textContent = String(stats.dropped);
    const times = this.#rows.map(({ step }) =>
      this.#median((keypoints) => keypoints.timings[step]),
    );
    const longest = Math.max(...times, 1);
    this.#rows.forEach(({ bar, number }, at) => {
      const time = times[at]!;
      bar.style.width = `${(100 * time) / longest}%`;
      number.textContent = time.toFixed(1);
    });
  }

  #median(value: (keypoints: Keypoints) => number): number {
    const values = this.#recent
      .map(({ keypoints }) => value(keypoints))
      .sort((a, b) => a - b);
    return values[Math.floor(values.length / 2)] ?? 0;
  }

  #addRow(
    place: string,
    rowsOfPlace: number,
    step: Step,
    label: string,
    at: number,
  ): void {
    const row = document.createElement("tr");
    if (at === 0) {
      const heading = append(row, "th", place);
      heading.scope = "row";
      heading.rowSpan = rowsOfPlace;
    }
    append(row, "td", label);
    const track = append(append(row, "td", ""), "div", "");
    track.className = "bar";
    const bar = append(track, "div", "");
    bar.className = STEP_CLASSES[step];
    const number = append(row, "td", "–");
    number.className = "number";
    this.#rows.push({ step, bar, number });
    this.#body.append(row);
  }
}

/** What is computed for some parts. */
function stepsOf(settings: Settings): Step[] {
  const { parts } = settings;
  const isApart = graphToRun(settings) === "landmarkers";
  const hasHands = parts.includes("hands");
  return [
    "decode",
    ...(parts.includes("pose") ? (["pose"] as const) : []),
    ...(hasHands ? (["leftHand", "rightHand"] as const) : []),
    ...(parts.includes("face") ? (["face"] as const) : []),
    ...(hasHands && isApart ? (["palm"] as const) : []),
  ];
}

function element(id: string): HTMLElement {
  return document.getElementById(id)!;
}

function append<K extends keyof HTMLElementTagNameMap>(
  parent: HTMLElement,
  tag: K,
  text: string,
): HTMLElementTagNameMap[K] {
  const child = document.createElement(tag);
  child.textContent = text;
  parent.append(child);
  return child;
}
