/** A bar between two panes that is dragged, or moved with the arrow keys, to share the room between them. */

import { element } from "../dom.js";

/** What a splitter divides. */
export interface SplitterOptions {
  readonly label: string;
  /** The bar's own direction: a vertical bar stands between left and right. */
  readonly orientation: "vertical" | "horizontal";
  /** The element whose custom property is set to the first pane's share, in percent. */
  readonly container: HTMLElement;
  readonly property: string;
  readonly initialPercent: number;
  readonly minPercent: number;
  readonly maxPercent: number;
  /** Where the share is kept between visits. */
  readonly storageKey: string;
}

const KEY_STEP_PERCENT = 2;

/** Makes the bar; the caller puts it between the panes. */
export function createSplitter(options: SplitterOptions): HTMLElement {
  const { label, orientation, container, property, minPercent, maxPercent, storageKey } = options;
  const bar = element("div", {
    class: `splitter ${orientation}`,
    role: "separator",
    tabindex: 0,
    "aria-label": label,
    "aria-orientation": orientation,
    "aria-valuemin": minPercent,
    "aria-valuemax": maxPercent,
  });
  let percent = options.initialPercent;
  const set = (next: number) => {
    percent = Math.min(Math.max(next, minPercent), maxPercent);
    container.style.setProperty(property, `${percent}%`);
    bar.setAttribute("aria-valuenow", String(Math.round(percent)));
  };
  const keep = () => {
    try {
      localStorage.setItem(storageKey, String(percent));
    } catch {
      // Storage may be forbidden; then the layout starts afresh at each visit.
    }
  };
  set(storedPercent(storageKey) ?? options.initialPercent);

  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  bar.addEventListener("pointermove", (event) => {
    if (!bar.hasPointerCapture(event.pointerId)) return;
    const { left, top, width, height } = container.getBoundingClientRect();
    const share =
      orientation === "vertical" ? (event.clientX - left) / width : (event.clientY - top) / height;
    set(share * 100);
  });
  bar.addEventListener("pointerup", keep);
  bar.addEventListener("dblclick", () => {
    set(options.initialPercent);
    keep();
  });
  bar.addEventListener("keydown", (event) => {
    const less = orientation === "vertical" ? "ArrowLeft" : "ArrowUp";
    const more = orientation === "vertical" ? "ArrowRight" : "ArrowDown";
    if (event.key !== less && event.key !== more) return;
    event.preventDefault();
    set(percent + (event.key === more ? KEY_STEP_PERCENT : -KEY_STEP_PERCENT));
    keep();
  });
  return bar;
}

function storedPercent(key: string): number | undefined {
  try {
    const stored = Number.parseFloat(localStorage.getItem(key) ?? "");
    return Number.isFinite(stored) ? stored : undefined;
  } catch {
    return undefined;
  }
}
