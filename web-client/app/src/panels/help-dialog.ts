/** The help dialog: the keys, and how to get about in the view. */

import { button, element } from "../dom.js";

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["Ctrl S", "save the file"],
  ["Ctrl O", "open files"],
  ["Ctrl Enter", "render now"],
  ["Ctrl F", "find and replace"],
  ["Ctrl /", "comment lines in or out"],
  ["Ctrl Space", "complete a name"],
  ["Alt ↑ / ↓", "move lines"],
  ["F8", "go to the next problem"],
  ["Esc, then Tab", "leave the editor with the keyboard"],
  ["Alt 1 … 4", "look from the default view, the front, the top, the right"],
  ["Alt 0", "bring everything into view"],
];

const MOUSE: readonly (readonly [gesture: string, what: string])[] = [
  ["Drag", "turn"],
  ["Right drag, Shift drag, two fingers", "move"],
  ["Wheel, pinch", "zoom at the pointer"],
];

/** The dialog; `showModal()` opens it. */
export function createHelpDialog(): HTMLDialogElement {
  const dialog = element("dialog", { class: "dialog", "aria-labelledby": "help-title" });
  dialog.append(
    element(
      "header",
      { class: "dialog-header" },
      element("h2", { id: "help-title" }, "Keys and gestures"),
      button({
        label: "Close",
        icon: "close",
        class: "button icon-button",
        onClick: () => dialog.close(),
      }),
    ),
    table("Keys", KEYS),
    table("In the view", MOUSE),
    element(
      "p",
      { class: "dialog-note" },
      "Drop .scad, .stl, .svg and other files on the page to include, use or import them. " +
        "The document is kept in this browser; links made with Share carry the whole document.",
    ),
  );
  // A click beside the dialog lands on the dialog element itself: its content covers the rest.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}

function table(title: string, rows: typeof KEYS): HTMLElement {
  return element(
    "section",
    {},
    element("h3", {}, title),
    element(
      "dl",
      { class: "keys" },
      ...rows.flatMap(([keys, what]) => [
        element("dt", {}, element("kbd", {}, keys)),
        element("dd", {}, what),
      ]),
    ),
  );
}
