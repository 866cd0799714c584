/** The card with the table, the chart, the body in space and the expressions, one of them at a time. */

export class Views {
  readonly #group: HTMLElement;

  constructor(group: HTMLElement) {
    this.#group = group;
    group.addEventListener("change", () => this.#show());
    this.#show();
  }

  /** Adds a view and shows it, or takes it away. */
  offer(name: string, isOffered: boolean): void {
    const input = this.#input(name);
    const choice = input.closest("label")!;
    if (choice.hidden !== isOffered) return;
    choice.hidden = !isOffered;
    if (isOffered) input.checked = true;
    else if (input.checked) this.#input("steps").checked = true;
    this.#show();
  }

  /** Shows the panel that its radio names; hidden canvases draw nothing. */
  #show(): void {
    for (const input of this.#group.querySelectorAll("input")) {
      const panel = document.getElementById(`view-${input.value}`)!;
      panel.hidden = !input.checked;
    }
  }

  #input(name: string): HTMLInputElement {
    return this.#group.querySelector(`[value=${name}]`)!;
  }
}
