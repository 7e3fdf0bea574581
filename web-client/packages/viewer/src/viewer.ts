/**
 * The viewer: a canvas that shows a streamed scene and lets one look around.
 *
 * It draws only when something changed, so an idle page leaves the GPU alone.
 */

import type { Camera } from "three";
import {
  DirectionalLight,
  Group,
  HemisphereLight,
  type Plane,
  Scene as ThreeScene,
  WebGLRenderer,
} from "three";
import { CameraRig, type Projection, type ViewPreset } from "./camera.js";
import type { Simplify } from "./detail.js";
import { DetailSync, deviceBudget } from "./detail-sync.js";
import { Ground } from "./ground.js";
import { LIGHT_COLORS, Materials, type ViewColors } from "./materials.js";
import { Measure, type Measurement } from "./measure.js";
import type { Box, ChunkArrays, Scene, Vec3 } from "./scene.js";
import { SceneSync } from "./scene-sync.js";
import { type Section, sectionPlane } from "./section.js";

/** The part of three.js' renderer that the viewer uses; tests pass one that only counts. */
export interface Renderer {
  readonly domElement: HTMLCanvasElement;
  localClippingEnabled: boolean;
  render(scene: ThreeScene, camera: Camera): void;
  setPixelRatio(ratio: number): void;
  setSize(width: number, height: number): void;
  dispose(): void;
}

/** How a viewer is set up. */
export interface ViewerOptions {
  readonly colors?: ViewColors;
  /** Defaults to a `WebGLRenderer` on a canvas of its own. */
  readonly renderer?: Renderer;
  /** Triangles that should be drawn at most; by default, what the device seems good for. Needs {@link Viewer.simplify}. */
  readonly triangleBudget?: number;
}

/** Where one looks from. */
export interface Viewpoint {
  readonly eye: Vec3;
  readonly target: Vec3;
  /** Vertical field of view in degrees; 0 is a parallel projection. */
  readonly fovDeg: number;
  readonly heightPx: number;
}

/** What a viewer tells its page. */
export interface ViewerEvents {
  /** A frame was drawn. */
  frame: () => void;
  /** Somebody turned, moved or zoomed the camera; comes with every frame of it. */
  move: () => void;
  /** The picture shows all of the revision given last. */
  complete: () => void;
  /** A point was picked; without a measurement it was the first of two. */
  measure: (measurement: Measurement | undefined) => void;
  /** The GPU was lost (`false`) or is back (`true`). Nothing is drawn in between; the scene is kept. */
  context: (available: boolean) => void;
}

/** Screens of more pixels than this per CSS pixel gain nothing visible, and cost four times as much. */
const MAX_PIXEL_RATIO = 2;
/** The pointer may wander this far, in CSS pixels, and still have clicked rather than dragged. */
const CLICK_SLACK_PX = 4;
const EMPTY_VIEW: Box = { min: [-50, -50, 0], max: [50, 50, 50] };

/** Shows one scene in one element. */
export class Viewer {
  readonly #element: HTMLElement;
  readonly #renderer: Renderer;
  readonly #scene = new ThreeScene();
  readonly #materials = new Materials();
  readonly #sync = new SceneSync(this.#materials);
  readonly #ground = new Ground();
  readonly #measure = new Measure();
  readonly #detail: DetailSync;
  readonly #lights = new Group();
  readonly #rig: CameraRig;
  readonly #resizes: ResizeObserver;
  readonly #abort = new AbortController();
  readonly #listeners: { [E in keyof ViewerEvents]: Set<ViewerEvents[E]> } = {
    frame: new Set(),
    move: new Set(),
    complete: new Set(),
    measure: new Set(),
    context: new Set(),
  };
  #frame = 0;
  #contextLost = false;
  #cameraTouched = false;
  #measuring = false;
  #section: Section | undefined;
  #plane: Plane | undefined;
  #fittedBox: Box | undefined;

  /** Puts a canvas into `element` and keeps it as large as that. Throws where the browser has no WebGL. */
  constructor(element: HTMLElement, options: ViewerOptions = {}) {
    this.#element = element;
    this.#detail = new DetailSync(options.triangleBudget ?? deviceBudget(), () =>
      this.requestFrame(),
    );
    this.#renderer = options.renderer ?? createRenderer();
    this.#renderer.localClippingEnabled = true;
    const canvas = this.#renderer.domElement;
    element.append(canvas);
    this.#rig = new CameraRig(canvas, () => this.requestFrame());
    this.#rig.controls.addEventListener("start", () => {
      this.#cameraTouched = true;
      this.requestFrame();
    });
    this.#rig.controls.addEventListener("change", () => this.#emit("move"));
    this.#light();
    this.#scene.add(this.#ground.root, this.#sync.root, this.#measure.root);
    this.setColors(options.colors ?? LIGHT_COLORS);
    this.#listenToContext(canvas);
    this.#listenToClicks(canvas);
    this.#resizes = new ResizeObserver(() => this.#resize());
    this.#resizes.observe(element);
    this.#resize();
    this.#rig.fit(EMPTY_VIEW, "iso", undefined);
  }

  /** Calls `listener` at every `event`; returns a function that stops this. */
  on<E extends keyof ViewerEvents>(event: E, listener: ViewerEvents[E]): () => void {
    this.#listeners[event].add(listener);
    return () => this.#listeners[event].delete(listener);
  }

  /** Announces a new revision. The picture stays as it is until all its chunks are there. */
  beginScene(scene: Scene): void {
    this.#afterSync(this.#sync.begin(scene));
  }

  /** Hands over a chunk of the revision announced last. */
  addChunk(hash: string, arrays: ChunkArrays): void {
    this.#afterSync(this.#sync.add(hash, arrays));
  }

  /** Shows nothing. */
  clear(): void {
    this.beginScene({ parts: [], chunks: [] });
  }

  /** Brings the whole model into view, from a preset or from the present direction. */
  fit(preset?: ViewPreset): void {
    this.#cameraTouched = false;
    this.#fitNow(preset, true);
  }

  /** Turns to a preset, keeping the distance. */
  turn(preset: ViewPreset): void {
    this.#rig.turn(preset, this.#flightStart());
    this.requestFrame();
  }

  get projection(): Projection {
    return this.#rig.projection;
  }

  set projection(projection: Projection) {
    this.#rig.projection = projection;
    this.requestFrame();
  }

  get edgesVisible(): boolean {
    return this.#sync.edgesVisible;
  }

  set edgesVisible(visible: boolean) {
    this.#sync.edgesVisible = visible;
    this.requestFrame();
  }

  /** Makes chunks coarser where that is not seen, or the device cannot draw them all; without it, all are exact. */
  get simplify(): Simplify | undefined {
    return this.#detail.simplify;
  }

  set simplify(simplify: Simplify | undefined) {
    if (simplify === undefined) this.#detail.update(this.#sync.views(), undefined);
    this.#detail.simplify = simplify;
    this.requestFrame();
  }

  get gridVisible(): boolean {
    return this.#ground.gridVisible;
  }

  /** The grid and the axes. */
  set gridVisible(visible: boolean) {
    this.#ground.gridVisible = visible;
    this.#ground.axesVisible = visible;
    this.requestFrame();
  }

  get section(): Section | undefined {
    return this.#section;
  }

  /** Cuts the model open; `undefined` closes it. */
  set section(section: Section | undefined) {
    this.#section = section;
    this.#cut();
    this.requestFrame();
  }

  get measuring(): boolean {
    return this.#measuring;
  }

  /** While measuring, clicks pick points. */
  set measuring(measuring: boolean) {
    this.#measuring = measuring;
    this.#renderer.domElement.style.cursor = measuring ? "crosshair" : "";
    if (!measuring) this.#measure.clear();
    this.requestFrame();
  }

  setColors(colors: ViewColors): void {
    this.#materials.setColors(colors);
    this.#ground.setColor(colors.grid);
    this.requestFrame();
  }

  /** The camera's orientation as a quaternion `[x, y, z, w]`, for an orientation gizmo. */
  get orientation(): readonly [number, number, number, number] {
    return this.#rig.orientation.toArray() as [number, number, number, number];
  }

  /** Where one looks from, in model units, and how many pixels high: what to send first is judged by it. */
  get viewpoint(): Viewpoint {
    const heightPx = Math.round(this.#element.clientHeight * this.#pixelRatio());
    return { ...this.#rig.viewpoint, heightPx };
  }

  /** The box around what is shown, or `undefined` when nothing is. */
  get box(): Box | undefined {
    return this.#sync.box();
  }

  /** Triangles of what is shown, in its exact form. */
  get triangleCount(): number {
    return this.#sync.triangleCount;
  }

  /** Triangles that are drawn, with those left out that are not seen. */
  get drawnTriangleCount(): number {
    const indices = this.#sync.meshes().map(({ geometry }) => geometry.index?.count ?? 0);
    return indices.reduce((sum, count) => sum + count, 0) / 3;
  }

  /** The present picture as a PNG. */
  toBlob(): Promise<Blob | null> {
    // The drawing buffer is only sure to be there right after drawing.
    this.#draw();
    return new Promise((resolve) => this.#renderer.domElement.toBlob(resolve));
  }

  /** Draws at the next frame; more calls before it cost nothing. */
  requestFrame(): void {
    if (this.#frame !== 0 || this.#contextLost) return;
    this.#frame = requestAnimationFrame((nowMs) => {
      this.#frame = 0;
      const moving = this.#rig.update(nowMs);
      this.#draw();
      if (moving) this.requestFrame();
    });
  }

  /** Frees everything on the GPU and leaves the element empty. */
  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#abort.abort();
    this.#resizes.disconnect();
    this.#detail.dispose();
    this.#sync.dispose();
    this.#ground.dispose();
    this.#measure.dispose();
    this.#materials.dispose();
    this.#rig.dispose();
    this.#renderer.dispose();
    this.#renderer.domElement.remove();
  }

  #draw(): void {
    const { camera, target, viewHeight } = this.#rig;
    this.#ground.update(target, viewHeight);
    this.#rig.clipTo(this.#sync.box() ?? EMPTY_VIEW);
    this.#lights.quaternion.copy(camera.quaternion);
    this.#chooseDetail(viewHeight);
    this.#renderer.render(this.#scene, camera);
    this.#emit("frame");
  }

  /** What is measured is measured on the model itself. */
  #chooseDetail(viewHeight: number): void {
    const { eye, fovDeg, heightPx } = this.viewpoint;
    const seen = { position: eye, fovDeg, viewHeight, heightPx };
    this.#detail.update(this.#sync.views(), this.#measuring ? undefined : seen);
  }

  #afterSync(result: ReturnType<SceneSync["begin"]>): void {
    if (result === "unchanged") return;
    const box = this.#sync.box();
    if (!this.#cameraTouched && box !== undefined && !isAlike(box, this.#fittedBox)) {
      this.#fitNow(undefined, this.#fittedBox !== undefined);
    }
    this.#cut();
    this.requestFrame();
    if (result === "swapped") this.#emit("complete");
  }

  #fitNow(preset: ViewPreset | undefined, animated: boolean): void {
    this.#fittedBox = this.#sync.box();
    const flightStart = animated ? this.#flightStart() : undefined;
    this.#rig.fit(this.#fittedBox ?? EMPTY_VIEW, preset, flightStart, this.#sync.positions());
    this.requestFrame();
  }

  #cut(): void {
    const box = this.#sync.box();
    const section = this.#section;
    this.#plane =
      section === undefined || box === undefined ? undefined : sectionPlane(section, box);
    this.#sync.capsVisible = this.#plane !== undefined;
    this.#materials.setClippingPlanes(this.#plane === undefined ? [] : [this.#plane]);
  }

  /** A light over the viewer's left shoulder, a weak one from the right, and the sky: facets differ from any side. */
  #light(): void {
    const key = new DirectionalLight("#ffffff", 2.1);
    key.position.set(-0.5, 0.8, 1);
    const fill = new DirectionalLight("#dfe8ff", 0.7);
    fill.position.set(1, -0.2, 0.6);
    this.#lights.add(key, fill);
    const sky = new HemisphereLight("#ffffff", "#8d8577", 1.25);
    sky.position.set(0, 0, 1);
    this.#scene.add(this.#lights, sky);
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#element;
    if (width === 0 || height === 0) return;
    this.#renderer.setPixelRatio(this.#pixelRatio());
    this.#renderer.setSize(width, height);
    this.#rig.resize(width, height);
    if (!this.#cameraTouched && this.#fittedBox !== undefined) {
      this.#rig.fit(this.#fittedBox, undefined, undefined, this.#sync.positions());
    }
    // At once: a resized canvas is blank until it is drawn.
    if (!this.#contextLost) this.#draw();
  }

  #pixelRatio(): number {
    return Math.min(window.devicePixelRatio, MAX_PIXEL_RATIO);
  }

  #listenToContext(canvas: HTMLCanvasElement): void {
    const { signal } = this.#abort;
    const onLost = (event: Event) => {
      // Without this the browser never gives the context back.
      event.preventDefault();
      this.#contextLost = true;
      this.#emit("context", false);
    };
    const onRestored = () => {
      this.#contextLost = false;
      this.#emit("context", true);
      this.requestFrame();
    };
    canvas.addEventListener("webglcontextlost", onLost, { signal });
    canvas.addEventListener("webglcontextrestored", onRestored, { signal });
  }

  #listenToClicks(canvas: HTMLCanvasElement): void {
    const { signal } = this.#abort;
    let down: PointerEvent | undefined;
    canvas.addEventListener("pointerdown", (event) => (down = event), { signal });
    canvas.addEventListener(
      "pointerup",
      (event) => {
        if (!this.#measuring || down === undefined) return;
        const wander = Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY);
        if (wander <= CLICK_SLACK_PX) this.#pick(event, canvas);
      },
      { signal },
    );
  }

  #pick(event: PointerEvent, canvas: HTMLCanvasElement): void {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const place = { x: event.clientX - left, y: event.clientY - top, width, height };
    if (!this.#measure.pick(place, this.#rig.camera, this.#sync.meshes(), this.#plane)) return;
    this.#emit("measure", this.#measure.measurement);
    this.requestFrame();
  }

  #flightStart(): number | undefined {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    return still ? undefined : performance.now();
  }

  #emit<E extends keyof ViewerEvents>(event: E, ...args: Parameters<ViewerEvents[E]>): void {
    for (const listener of this.#listeners[event]) {
      (listener as (...args: Parameters<ViewerEvents[E]>) => void)(...args);
    }
  }
}

function createRenderer(): WebGLRenderer {
  return new WebGLRenderer({
    antialias: true,
    alpha: true,
    stencil: true,
    powerPreference: "high-performance",
  });
}

/** Whether a model changed so little that the view need not move: its box grew or shrank by less than a quarter. */
function isAlike(box: Box, fitted: Box | undefined): boolean {
  if (fitted === undefined) return false;
  const size = (one: Box) =>
    Math.hypot(one.max[0] - one.min[0], one.max[1] - one.min[1], one.max[2] - one.min[2]);
  const apart = ([0, 1, 2] as const).map((axis) =>
    Math.max(
      Math.abs(box.min[axis] - fitted.min[axis]),
      Math.abs(box.max[axis] - fitted.max[axis]),
    ),
  );
  return Math.max(...apart) <= size(fitted) / 4;
}
