/** How strong each expression of the face is: a name, a bar and a number. */

import { BLENDSHAPE_NAMES } from "live-keypoints";
import type { Keypoints } from "live-keypoints";

const UPDATE_INTERVAL_MS = 100;
/** What stands where there is no face. */
const NONE = "–";

interface Row {
  /** Among the blendshapes. */
  index: number;
  item: HTMLElement;
  number: HTMLElement;
}

export class Expressions {
  readonly #rows: Row[];
  #scores: Float32Array | null | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Fills the lists, each of which has in `data-of` the beginnings of its names. */
  constructor(panel: HTMLElement) {
    const lists = [...panel.querySelectorAll("ul")];
    this.#rows = lists.flatMap((list) => {
      const beginnings = list.dataset["of"]!.split(" ");
      return BLENDSHAPE_NAMES.flatMap((name, index) =>
        beginnings.some((beginning) => name.startsWith(beginning))
          ? [addRow(list, name, index)]
          : [],
      );
    });
  }

  /** Tells the newest result; the page changes ten times a second at most. */
  show({ blendshapes }: Keypoints): void {
    this.#scores = blendshapes;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#update();
    }, UPDATE_INTERVAL_MS);
  }

  /** Touches only what reads differently now. */
  #update(): void {
    const scores = this.#scores;
    for (const { index, item, number } of this.#rows) {
      const text = scores?.[index]?.toFixed(2) ?? NONE;
      if (number.textContent === text) continue;
      number.textContent = text;
      item.style.setProperty("--score", text === NONE ? "0" : text);
    }
  }
}

function addRow(list: HTMLElement, name: string, index: number): Row {
  const item = document.createElement("li");
  const label = document.createElement("span");
  label.textContent = name;
  const number = document.createElement("span");
  number.className = "number";
  number.textContent = NONE;
  item.append(label, " ", number);
  list.append(item);
  return { index, item, number };
}
