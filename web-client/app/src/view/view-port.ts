/**
 * The view's place on the page, from before the viewer is loaded.
 *
 * three.js is the largest part of the page, so it is loaded beside the editor and the first render. What comes in
 * meanwhile is kept by the client and shown as soon as there is something to show it with.
 */

import type { Scene, SceneChunk } from "@scadstream/client";
import { element } from "../dom.js";
import { toViewerScene } from "./to-viewer.js";
import type { ViewPanel } from "./view-panel.js";

/** The module with the view's panel, which brings three.js with it. */
export type ViewPanelModule = typeof import("./view-panel.js");

/** Shows scenes as soon as it can. */
export class ViewPort {
  readonly element = element("section", { class: "view", "aria-label": "View", tabindex: -1 });
  readonly ready: Promise<void>;
  readonly #onPicture: (picture: Blob) => void;
  readonly #onMove: () => void;
  #panel: ViewPanel | undefined;
  #scene: Scene | undefined;
  #dark = false;

  /**
   * `loading` is the module of the view's panel; `onPicture` is called with a picture that the user wants to save,
   * `onMove` with every frame in which the camera moves.
   */
  constructor(
    loading: Promise<ViewPanelModule>,
    onPicture: (picture: Blob) => void,
    onMove: () => void,
  ) {
    this.#onPicture = onPicture;
    this.#onMove = onMove;
    this.ready = this.#show(loading);
  }

  /** The view's controls, once loaded. */
  get panel(): ViewPanel | undefined {
    return this.#panel;
  }

  setDark(dark: boolean): void {
    this.#dark = dark;
    this.#panel?.setDark(dark);
  }

  /** Shows that the picture is of an older text than the editor's. */
  setStale(stale: boolean): void {
    this.element.classList.toggle("stale", stale);
  }

  showScene(scene: Scene): void {
    this.#scene = scene;
    if (scene.complete) this.element.dataset["triangles"] = String(scene.triangles);
    this.#panel?.viewer.beginScene(toViewerScene(scene));
  }

  showChunk({ mesh }: SceneChunk): void {
    if (mesh !== undefined) this.#panel?.viewer.addChunk(mesh.hash, mesh);
  }

  /** Resolves when everything given so far is on screen; at once where nothing is drawn. */
  async drawn(): Promise<void> {
    await this.ready;
    const viewer = this.#panel?.viewer;
    // A hidden page draws nothing until it is looked at again.
    if (viewer === undefined || document.hidden) return;
    await new Promise<void>((resolve) => {
      const stop = viewer.on("frame", () => {
        stop();
        resolve();
      });
      viewer.requestFrame();
    });
  }

  async #show(loading: Promise<ViewPanelModule>): Promise<void> {
    const { ViewPanel } = await loading;
    try {
      this.#panel = new ViewPanel(this.element, this.#onPicture);
      this.#panel.viewer.on("move", this.#onMove);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.element.append(
        element(
          "p",
          { class: "view-note", role: "alert" },
          `This browser cannot draw in 3D (${reason}). Messages and exports work all the same.`,
        ),
      );
      return;
    }
    this.#panel.setDark(this.#dark);
    if (this.#scene === undefined) return;
    this.showScene(this.#scene);
    for (const chunk of this.#scene.chunks) this.showChunk(chunk);
  }
}
