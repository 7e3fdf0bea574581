/** Lays the page out: top bar, editor and console on the left, view and customizer on the right, status bar. */

import { element } from "./dom.js";
import { createSplitter } from "./panels/splitter.js";

/** What goes where. */
export interface PageParts {
  readonly banner: HTMLElement;
  readonly actions: readonly HTMLElement[];
  readonly tabs: HTMLElement;
  readonly editorHost: HTMLElement;
  readonly console: HTMLElement;
  readonly viewHost: HTMLElement;
  readonly customizer: HTMLElement;
  readonly statusBar: HTMLElement;
}

/** Puts the parts into the document's body. */
export function layOut(parts: PageParts): void {
  const left = element("div", { class: "left" });
  const workspace = element("main", { class: "workspace" });
  left.append(
    parts.tabs,
    parts.editorHost,
    createSplitter({
      label: "Height of the editor",
      orientation: "horizontal",
      container: left,
      property: "--editor-height",
      initialPercent: 76,
      minPercent: 25,
      maxPercent: 92,
      storageKey: "scadstream.editor-height",
    }),
    parts.console,
  );
  workspace.append(
    left,
    createSplitter({
      label: "Width of the editor",
      orientation: "vertical",
      container: workspace,
      property: "--editor-width",
      initialPercent: 40,
      minPercent: 20,
      maxPercent: 75,
      storageKey: "scadstream.editor-width",
    }),
    element("div", { class: "right" }, parts.viewHost, parts.customizer),
  );
  document.body.replaceChildren(
    parts.banner,
    element(
      "header",
      { class: "top-bar" },
      brand(),
      element("nav", { class: "actions", "aria-label": "Document" }, ...parts.actions),
    ),
    workspace,
    parts.statusBar,
  );
}

function brand(): HTMLElement {
  return element(
    "div",
    { class: "brand" },
    element("img", { src: "./favicon.svg", alt: "", width: 22, height: 22 }),
    element("span", {}, "scadstream"),
  );
}
