/** A canvas with as many pixels as it covers on the screen, drawn in CSS pixels. */
export class Canvas {
  readonly element: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  readonly #draw: () => void;

  /** Calls `draw` whenever the size changes; `redraw` does so otherwise. */
  constructor(element: HTMLCanvasElement, draw: () => void) {
    this.element = element;
    this.context = element.getContext("2d")!;
    this.#draw = draw;
    new ResizeObserver(() => this.redraw()).observe(element);
  }

  get width(): number {
    return this.element.clientWidth;
  }

  get height(): number {
    return this.element.clientHeight;
  }

  /** Clears and draws, unless nobody sees it. */
  redraw(): void {
    if (this.width === 0) return;
    const width = Math.round(this.width * devicePixelRatio);
    const height = Math.round(this.height * devicePixelRatio);
    if (this.element.width !== width) this.element.width = width;
    if (this.element.height !== height) this.element.height = height;
    this.context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    this.#draw();
  }
}
