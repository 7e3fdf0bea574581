/** The view: the viewer with its tool bar, gizmo, section slider and read-outs. */

import {
  DARK_COLORS,
  LIGHT_COLORS,
  type Measurement,
  type Section,
  Viewer,
  type ViewPreset,
} from "@scadstream/viewer";
import { button, element, press } from "../dom.js";
import { formatNumber } from "../format.js";
import { type IconName, icon } from "../icons.js";
import { Gizmo } from "./gizmo.js";

const PRESETS: readonly (readonly [preset: ViewPreset, label: string, icon: IconName])[] = [
  ["iso", "Default view (Alt 1)", "iso"],
  ["front", "Front (Alt 2)", "front"],
  ["top", "Top (Alt 3)", "top"],
  ["right", "Right (Alt 4)", "right"],
];

/** The viewer and what belongs to it. Throws where the browser has no WebGL. */
export class ViewPanel {
  readonly viewer: Viewer;
  readonly #onPicture: (picture: Blob) => void;
  readonly #gizmo: Gizmo;
  readonly #readout = element("output", { class: "readout", hidden: true });
  readonly #lost = element(
    "div",
    { class: "view-note", hidden: true },
    "The graphics card was taken away; the picture comes back with it.",
  );

  /** Fills `host`; `onPicture` is called with a picture that the user wants to save. */
  constructor(host: HTMLElement, onPicture: (picture: Blob) => void) {
    this.#onPicture = onPicture;
    const canvasHost = element("div", { class: "canvas-host" });
    host.append(canvasHost);
    this.viewer = new Viewer(canvasHost);
    // Loaded when the page is there: the first picture does not need it.
    void import("@scadstream/viewer/meshopt")
      .then(({ meshoptSimplify }) => meshoptSimplify())
      .then(
        (simplify) => {
          this.viewer.simplify = simplify;
        },
        // A browser without WebAssembly draws everything as it is, which is only slower.
        () => undefined,
      );
    const canvas = canvasHost.querySelector("canvas");
    canvas?.setAttribute("role", "img");
    canvas?.setAttribute("aria-label", "The model");
    this.#gizmo = new Gizmo((preset) => this.viewer.turn(preset));
    host.append(this.#toolbar(), this.#gizmo.element, this.#readout, this.#lost);
    this.viewer.on("frame", () => {
      this.#gizmo.turn(this.viewer.orientation);
      // For those who want to know what the levels of detail leave.
      canvasHost.dataset.drawn = String(this.viewer.drawnTriangleCount);
    });
    this.viewer.on("measure", (measurement) => this.#showMeasurement(measurement));
    this.viewer.on("context", (available) => {
      this.#lost.hidden = available;
    });
  }

  /** Takes the colours that go with the page's theme. */
  setDark(dark: boolean): void {
    this.viewer.setColors(dark ? DARK_COLORS : LIGHT_COLORS);
  }

  #toolbar(): HTMLElement {
    const { viewer } = this;
    const toggle = (
      label: string,
      name: IconName,
      pressed: boolean,
      set: (on: boolean) => void,
    ) => {
      const made = button({
        label,
        icon: name,
        class: "button icon-button",
        pressed,
        onClick: () => {
          const on = made.getAttribute("aria-pressed") !== "true";
          press(made, on);
          set(on);
        },
      });
      return made;
    };
    const section = this.#sectionControls();
    return element(
      "div",
      { class: "view-tools" },
      element(
        "div",
        { class: "toolbar", role: "toolbar", "aria-label": "View" },
        button({
          label: "Fit in view (Alt 0)",
          icon: "fit",
          class: "button icon-button",
          onClick: () => viewer.fit(),
        }),
        ...PRESETS.map(([preset, label, name]) =>
          button({
            label,
            icon: name,
            class: "button icon-button",
            onClick: () => viewer.fit(preset),
          }),
        ),
        element("span", { class: "toolbar-gap" }),
        toggle("Perspective", "perspective", true, (on) => {
          viewer.projection = on ? "perspective" : "orthographic";
        }),
        toggle("Edges", "edges", true, (on) => {
          viewer.edgesVisible = on;
        }),
        toggle("Grid and axes", "grid", true, (on) => {
          viewer.gridVisible = on;
        }),
        element("span", { class: "toolbar-gap" }),
        toggle("Section", "section", false, (on) => section.toggle(on)),
        toggle("Measure: pick two points", "measure", false, (on) => {
          viewer.measuring = on;
          this.#showMeasurement(undefined);
          this.#readout.hidden = !on;
        }),
        button({
          label: "Save a picture",
          icon: "camera",
          class: "button icon-button",
          onClick: () => this.#savePicture(),
        }),
      ),
      section.element,
    );
  }

  #sectionControls(): { element: HTMLElement; toggle: (on: boolean) => void } {
    let axis: Section["axis"] = "y";
    let flipped = false;
    const slider = element("input", {
      type: "range",
      class: "slider",
      min: 0,
      max: 1,
      step: 0.002,
      "aria-label": "Where to cut",
    });
    const apply = () => {
      slider.style.setProperty("--fill", `${Number(slider.value) * 100}%`);
      // The default view sees X and Z from their far ends but Y from its near one; the cut should face it.
      const keepsFarSide = flipped !== (axis === "y");
      this.viewer.section = { axis, keep: Number(slider.value), flipped: keepsFarSide };
    };
    slider.addEventListener("input", apply);
    const axes = (["x", "y", "z"] as const).map((name) => {
      const made = button({
        label: name.toUpperCase(),
        class: "button axis-button",
        pressed: name === axis,
        onClick: () => {
          axis = name;
          for (const other of axes) press(other, other === made);
          apply();
        },
      });
      return made;
    });
    const flip = button({
      label: "Flip",
      class: "button axis-button",
      pressed: false,
      onClick: () => {
        flipped = !flipped;
        press(flip, flipped);
        apply();
      },
    });
    const controls = element(
      "div",
      { class: "section-controls", hidden: true, role: "group", "aria-label": "Section" },
      ...axes,
      slider,
      flip,
    );
    const toggle = (on: boolean) => {
      controls.hidden = !on;
      if (!on) {
        this.viewer.section = undefined;
        return;
      }
      slider.value = "0.5";
      apply();
    };
    return { element: controls, toggle };
  }

  #showMeasurement(measurement: Measurement | undefined): void {
    this.#readout.hidden = false;
    if (measurement === undefined) {
      this.#readout.replaceChildren(icon("measure"), "Click two points of the model.");
      return;
    }
    const { distance, delta } = measurement;
    this.#readout.replaceChildren(
      icon("measure"),
      element("strong", {}, formatNumber(distance)),
      ...(["X", "Y", "Z"] as const).map((axis, index) =>
        element(
          "span",
          { class: `delta delta-${axis.toLowerCase()}` },
          `${axis} ${formatNumber(delta[index] ?? 0)}`,
        ),
      ),
    );
  }

  async #savePicture(): Promise<void> {
    const blob = await this.viewer.toBlob();
    if (blob !== null) this.#onPicture(blob);
  }
}
