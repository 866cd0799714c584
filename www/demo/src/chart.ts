/** The last seconds: latency, the time of each step, and drops. */

import type { Graph, Keypoints } from "live-keypoints";
import { Canvas } from "./canvas.js";
import { color, stepLabel, STEPS } from "./colors.js";

const SPAN_MS = 10_000;
const UPDATE_INTERVAL_MS = 100;
const LEFT = 34;
const BOTTOM = 16;
const TOP = 8;

interface Sample {
  at: number;
  keypoints: Keypoints;
}

export class Chart {
  readonly #canvas: Canvas;
  #samples: Sample[] = [];
  #drawnAt = 0;
  #graph: Graph = "holistic";

  constructor(element: HTMLCanvasElement) {
    this.#canvas = new Canvas(element, () => this.#draw());
  }

  restart(graph: Graph): void {
    this.#graph = graph;
    this.#samples = [];
    this.#canvas.redraw();
  }

  add(keypoints: Keypoints): void {
    const now = performance.now();
    this.#samples.push({ at: now, keypoints });
    while (this.#samples[0]!.at < now - SPAN_MS) this.#samples.shift();
    if (now - this.#drawnAt < UPDATE_INTERVAL_MS) return;
    this.#drawnAt = now;
    this.#canvas.redraw();
  }

  #draw(): void {
    const last = this.#samples.at(-1);
    const { context, element, width, height } = this.#canvas;
    const longest = Math.max(
      ...this.#samples.map(({ keypoints }) => keypoints.timings.total),
      1,
    );
    const top = niceAbove(longest);
    const y = (ms: number): number =>
      height - BOTTOM - (ms / top) * (height - BOTTOM - TOP);
    const end = last?.at ?? 0;
    const x = (at: number): number =>
      width - ((end - at) / SPAN_MS) * (width - LEFT);
    context.font = "11px system-ui, sans-serif";
    context.lineJoin = "round";
    this.#drawAxis(top, y);
    for (const { at, keypoints } of this.#samples) {
      if (keypoints.dropped === 0) continue;
      context.fillStyle = color(element, "--error");
      context.fillRect(x(at) - 1, height - BOTTOM, 2, 5);
    }
    const line = (
      stroke: string,
      ms: (keypoints: Keypoints) => number,
    ): void => {
      context.strokeStyle = stroke;
      context.beginPath();
      for (const { at, keypoints } of this.#samples)
        context.lineTo(x(at), y(ms(keypoints)));
      context.stroke();
    };
    context.lineWidth = 1.5;
    for (const step of STEPS)
      line(color(element, `--${kebab(step)}`), ({ timings }) => timings[step]);
    context.lineWidth = 2;
    line(color(element, "--ink"), ({ timings }) => timings.total);
    element.setAttribute("aria-label", this.#describe(last?.keypoints));
  }

  #drawAxis(top: number, y: (ms: number) => number): void {
    const { context, element, width, height } = this.#canvas;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const ms of [0, top / 2, top]) {
      context.fillStyle = color(element, "--line");
      context.fillRect(LEFT, Math.round(y(ms)), width - LEFT, 1);
      context.fillStyle = color(element, "--quiet");
      context.fillText(String(ms), LEFT - 6, y(ms));
    }
    context.textBaseline = "alphabetic";
    context.fillText("now", width, height - 2);
    context.textAlign = "left";
    context.fillText(`${SPAN_MS / 1000} s ago`, LEFT, height - 2);
  }

  #describe(last: Keypoints | undefined): string {
    const text = "Milliseconds of the last ten seconds";
    if (!last) return text;
    const steps = STEPS.filter((step) => last.timings[step] > 0).map(
      (step) =>
        `${stepLabel(step, this.#graph)} ${last.timings[step].toFixed(0)}`,
    );
    return `${text}. Now: latency ${last.timings.total.toFixed(0)}, ${steps.join(", ")}`;
  }
}

/** A round number of milliseconds above. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [2, 4, 10].map((step) => step * power).find((nice) => nice >= value)!;
}

function kebab(step: string): string {
  return step.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
