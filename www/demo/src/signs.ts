/** The tab of signs: teaches them by what the picture shows, and tells those that it recognises. */

import type { Keypoints } from "live-keypoints";
import type {
  SignLabel,
  SignRecognizer,
  SignsOptions,
} from "live-keypoints/signs";

/** An example ends by itself after so many frames: about three seconds. */
const MOST_FRAMES = 48;

export class SignsView {
  readonly #form = byId<HTMLFormElement>("teach");
  readonly #label = byId<HTMLInputElement>("sign-label");
  readonly #button = byId<HTMLButtonElement>("sign-record");
  readonly #files = byId<HTMLInputElement>("sign-files");
  readonly #save = byId<HTMLButtonElement>("sign-save");
  readonly #counts = new Map<string, number>();
  #recognizer: SignRecognizer | undefined;
  #hasModel = false;
  /** The example that is being recorded. */
  #frames: Keypoints[] | undefined;

  /** Nothing is loaded before the tab is shown for the first time. */
  constructor(tabs: HTMLElement) {
    tabs.addEventListener("change", () => {
      const isShown = !byId("view-signs").hidden;
      if (isShown && !this.#recognizer) void this.#open({});
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#frames) this.#finish();
      else this.#start();
    });
    this.#save.addEventListener("click", () => this.#export());
    byId("sign-load").addEventListener("click", () => this.#files.click());
    this.#files.addEventListener("change", () => {
      const files = [...(this.#files.files ?? [])];
      this.#files.value = "";
      void this.#load(files);
    });
    this.#show();
  }

  /** Takes the next result. */
  add(keypoints: Keypoints): void {
    if (!this.#recognizer) return;
    if (this.#frames) {
      this.#frames.push(keypoints);
      this.#button.textContent = `End after ${this.#frames.length} frames`;
      if (this.#frames.length >= MOST_FRAMES) this.#finish();
      return;
    }
    try {
      const told = this.#recognizer.push(keypoints);
      if (!told || told === "idle") return;
      const percent = Math.round(100 * told.confidence);
      byId("sign-told").textContent = `${text(told.label)}, ${percent} %`;
    } catch (error) {
      this.#recognizer = undefined;
      this.#fail(error);
    }
  }

  /** After another picture: what came before it is of no sign. */
  reset(): void {
    this.#recognizer?.reset();
  }

  async #open(options: SignsOptions): Promise<void> {
    try {
      const { SignRecognizer } = await import("live-keypoints/signs");
      const next = await SignRecognizer.create(options);
      this.#recognizer?.close();
      this.#recognizer = next;
      this.#hasModel = options.model !== undefined;
      this.#counts.clear();
      this.#hint(
        this.#hasModel
          ? "The model of the manifest recognises the signs."
          : "Name a gesture, record it three times, and show it once more.",
      );
    } catch (error) {
      this.#fail(error);
    }
    this.#show();
  }

  #start(): void {
    if (!this.#recognizer) return;
    this.#frames = [];
    this.#label.readOnly = true;
    this.#button.textContent = "End after 0 frames";
    this.#button.classList.add("recording");
    this.#hint("Recording the gesture.");
  }

  #finish(): void {
    const frames = this.#frames!;
    const label = this.#label.value.trim();
    this.#frames = undefined;
    this.#label.readOnly = false;
    this.#button.classList.remove("recording");
    this.#button.textContent = "Record example";
    try {
      this.#recognizer!.teach(label, frames);
      this.#recognizer!.reset();
      const count = (this.#counts.get(label) ?? 0) + 1;
      this.#counts.set(label, count);
      this.#hint(
        count < 3
          ? `${count} of 3 examples of “${label}”.`
          : `“${label}” is known by ${count} examples: show it once more.`,
      );
    } catch (error) {
      this.#fail(error);
    }
    this.#show();
  }

  /** A manifest with its model, a manifest alone, or examples. */
  async #load(files: File[]): Promise<void> {
    try {
      const json = files.find(({ name }) => name.endsWith(".json"));
      const model = files.find(({ name }) => name.endsWith(".onnx"));
      if (!json)
        throw new Error(
          "choose a .json file, and its .onnx file if it names one",
        );
      const content = await json.text();
      const { examples } = JSON.parse(content) as { examples?: unknown };
      if (!Array.isArray(examples))
        return await this.#open({
          manifest: json,
          ...(model ? { model } : {}),
        });
      await this.#open({ examples: content });
      for (const { label } of examples as { label: SignLabel }[])
        this.#counts.set(text(label), (this.#counts.get(text(label)) ?? 0) + 1);
      this.#show();
    } catch (error) {
      this.#fail(error);
    }
  }

  #export(): void {
    const json = this.#recognizer?.export();
    if (!json) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([json]));
    link.download = "signs-examples.json";
    link.click();
    // The browser has taken it by then.
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  #show(): void {
    const labels = this.#recognizer?.labels() ?? [];
    this.#button.disabled = !this.#recognizer || this.#hasModel;
    this.#save.disabled = this.#hasModel || labels.length === 0;
    byId("sign-list").replaceChildren(...labels.map((it) => this.#item(it)));
  }

  #item(label: SignLabel): HTMLLIElement {
    const item = document.createElement("li");
    const name = text(label);
    const count = this.#counts.get(name);
    const words = document.createElement("span");
    words.textContent = count ? `${name} × ${count}` : name;
    item.append(words);
    if (this.#hasModel) return item;
    const forget = document.createElement("button");
    Object.assign(forget, { type: "button", className: "second" });
    forget.textContent = "Forget";
    forget.setAttribute("aria-label", `Forget ${name}`);
    forget.addEventListener("click", () => {
      this.#recognizer?.forget(label);
      this.#counts.delete(name);
      this.#show();
    });
    item.append(forget);
    return item;
  }

  #fail(error: unknown): void {
    this.#hint(`It cannot be done: ${(error as Error).message}`);
  }

  #hint(sentence: string): void {
    byId("sign-hint").textContent = sentence;
  }
}

/** A label for people. */
function text(label: SignLabel): string {
  return typeof label === "string" ? label : JSON.stringify(label);
}

function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}
