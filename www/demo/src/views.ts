/** The card with the table, the chart and the body in space, one of them at a time. */

/** Shows the panel that its radio names; hidden canvases draw nothing. */
export function chooseViews(group: HTMLElement): void {
  const show = (): void => {
    for (const input of group.querySelectorAll("input")) {
      const panel = document.getElementById(`view-${input.value}`)!;
      panel.hidden = !input.checked;
    }
  };
  group.addEventListener("change", show);
  show();
}
