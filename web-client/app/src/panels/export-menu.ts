/** The export menu: the kinds of file that the server can make of the exact result. */

import type { ExportFormat } from "@scadstream/client";
import { element } from "../dom.js";
import { icon } from "../icons.js";

const FORMATS: readonly (readonly [format: ExportFormat, label: string, about: string])[] = [
  ["stl-binary", "STL", "for slicers, binary"],
  ["stl-ascii", "STL, text", "for slicers, readable"],
  ["3mf", "3MF", "for slicers, with colours"],
  ["off", "OFF", "Object File Format"],
  ["obj", "OBJ", "Wavefront"],
  ["glb", "GLB", "glTF, for the web, with colours"],
  ["amf", "AMF", "with colours"],
  ["svg", "SVG", "2D drawing"],
  ["dxf", "DXF", "2D drawing for CAD"],
  ["pdf", "PDF", "2D drawing to print, 1:1"],
  ["png", "PNG", "picture"],
  ["csg", "CSG", "OpenSCAD's tree as text"],
];

/** A button with a menu below it. */
export class ExportMenu {
  readonly element: HTMLElement;
  readonly #details: HTMLDetailsElement;
  readonly #items = new Map<ExportFormat, HTMLButtonElement>();

  /** `onExport` is called with the format chosen. */
  constructor(onExport: (format: ExportFormat) => void) {
    const menu = element("div", { class: "menu", role: "menu" });
    for (const [format, label, about] of FORMATS) {
      const item = element(
        "button",
        { type: "button", class: "menu-item", role: "menuitem" },
        element("strong", {}, label),
        element("span", {}, about),
      );
      item.addEventListener("click", () => {
        this.#details.open = false;
        onExport(format);
      });
      this.#items.set(format, item);
      menu.append(item);
    }
    this.#details = element(
      "details",
      { class: "menu-button" },
      element(
        "summary",
        { class: "button primary", role: "button", "aria-haspopup": "menu" },
        icon("export"),
        element("span", {}, "Export"),
        icon("chevron"),
      ),
      menu,
    );
    this.element = this.#details;
    this.#closeWhenLeft();
    menu.addEventListener("keydown", (event) => this.#moveFocus(event));
  }

  /** Greys out a format that the server has said it cannot write. */
  disable(format: ExportFormat): void {
    const item = this.#items.get(format);
    if (item === undefined) return;
    item.disabled = true;
    item.title = "The server does not write this format for this model.";
  }

  /** Offers every format again: another model, other formats. */
  enableAll(): void {
    for (const item of this.#items.values()) {
      item.disabled = false;
      item.removeAttribute("title");
    }
  }

  #moveFocus(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const items = [...this.#items.values()].filter(({ disabled }) => !disabled);
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    items.at((at + step) % items.length)?.focus();
  }

  #closeWhenLeft(): void {
    document.addEventListener("pointerdown", (event) => {
      if (!event.composedPath().includes(this.#details)) this.#details.open = false;
    });
    this.#details.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#details.open) return;
      this.#details.open = false;
      this.#details.querySelector("summary")?.focus();
    });
  }
}
