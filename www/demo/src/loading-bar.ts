/** How far loading has come, over the picture. */

import type { Progress } from "live-keypoints";

export class LoadingBar {
  readonly #box = document.getElementById("loading")!;
  readonly #text = document.getElementById("progress-text")!;
  readonly #bar = document.getElementById("progress") as HTMLProgressElement;
  readonly #loadedBytes = new Map<string, number>();
  #optimisedModels = 0;

  show(): void {
    this.#box.hidden = false;
    this.#bar.value = 0;
    this.#text.textContent = "Starting…";
    this.#loadedBytes.clear();
    this.#optimisedModels = 0;
  }

  hide(): void {
    this.#box.hidden = true;
  }

  tell(progress: Progress): void {
    this.#bar.value = progress.fraction;
    const text = this.#describe(progress);
    if (text) this.#text.textContent = text;
  }

  #describe(progress: Progress): string | undefined {
    switch (progress.phase) {
      case "download": {
        this.#loadedBytes.set(progress.asset, progress.loadedBytes);
        const bytes = [...this.#loadedBytes.values()].reduce(
          (sum, more) => sum + more,
          0,
        );
        return `Downloading the models: ${(bytes / 1e6).toFixed(1)} MB`;
      }
      case "compile":
        return undefined;
      case "optimise":
        this.#optimisedModels += 1;
        return `Preparing the models in the workers: ${this.#optimisedModels}`;
      case "ready":
        return "Ready";
    }
  }
}
