/**
 * The camera: perspective or orthographic, orbiting a target, with presets and fit.
 *
 * OpenSCAD's Z is up, three.js' default is Y. This file is the one place that says so: the cameras' up is Z, and every
 * other coordinate in the viewer is the model's own.
 */

import {
  Box3,
  MathUtils,
  OrthographicCamera,
  PerspectiveCamera,
  type Quaternion,
  Vector3,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import type { Box, Vec3 } from "./scene.js";

/** Named directions to look from. `iso` is OpenSCAD's own default view. */
export type ViewPreset = "iso" | "front" | "back" | "left" | "right" | "top" | "bottom";

/** How depth is drawn. */
export type Projection = "perspective" | "orthographic";

const Z_UP = new Vector3(0, 0, 1);

/** From the target to the camera. OpenSCAD's default view is turned by 55 degrees about X, then 25 about Z. */
const PRESET_DIRECTIONS: Record<ViewPreset, Vector3> = {
  iso: directionOf(55, 25),
  front: directionOf(90, 0),
  right: directionOf(90, 90),
  back: directionOf(90, 180),
  left: directionOf(90, -90),
  top: directionOf(0, 0),
  bottom: directionOf(180, 0),
};

/** Vertical field of view in degrees, OpenSCAD's `$vpf`. */
const FIELD_OF_VIEW_DEG = 22.5;
/** Where the camera starts, before there is anything to fit: OpenSCAD's default distance. */
const OPENSCAD_DISTANCE = 140;
/** Room around a fitted model. Picked by hand. */
const FIT_MARGIN = 1.12;
/** Vertices looked at to fit a model: enough that what is missed is less than the margin, few enough for any keystroke. */
const MAX_FITTED_VERTICES = 50_000;
/** How long a change of view takes. Long enough to follow with the eye, short enough not to wait for. */
const FLIGHT_MS = 260;

/** A flight from one view to another. */
interface Flight {
  readonly startMs: number;
  readonly from: Pose;
  readonly to: Pose;
}

/** Where the camera is: spherical about the target, angles in radians. */
interface Pose {
  readonly target: Vector3;
  readonly distance: number;
  /** Angle from +Z. */
  readonly polar: number;
  /** Angle about Z, 0 in front (on -Y). */
  readonly azimuth: number;
}

/** Owns both cameras and the controls that move them. */
export class CameraRig {
  readonly controls: OrbitControls;
  readonly #perspective = new PerspectiveCamera(FIELD_OF_VIEW_DEG);
  readonly #orthographic = new OrthographicCamera();
  #projection: Projection = "perspective";
  #aspect = 1;
  #flight: Flight | undefined;

  /** `element` receives the pointer; `onChange` is called whenever the view has to be drawn again. */
  constructor(element: HTMLElement, onChange: () => void) {
    for (const camera of [this.#perspective, this.#orthographic]) camera.up.copy(Z_UP);
    this.#perspective.position.copy(PRESET_DIRECTIONS.iso).multiplyScalar(OPENSCAD_DISTANCE);
    this.controls = new OrbitControls<PerspectiveCamera | OrthographicCamera>(
      this.#perspective,
      element,
    );
    this.controls.enableDamping = true;
    this.controls.dampingFactor = 0.14;
    this.controls.zoomToCursor = true;
    this.controls.addEventListener("change", onChange);
    this.controls.addEventListener("start", () => {
      this.#flight = undefined;
    });
  }

  /** The camera to draw with. */
  get camera(): PerspectiveCamera | OrthographicCamera {
    return this.#projection === "perspective" ? this.#perspective : this.#orthographic;
  }

  /** How the camera is turned: for an orientation gizmo. */
  get orientation(): Quaternion {
    return this.camera.quaternion;
  }

  get projection(): Projection {
    return this.#projection;
  }

  /** Changes the projection; the model keeps its size on screen. */
  set projection(projection: Projection) {
    if (projection === this.#projection) return;
    const pose = this.#pose();
    this.#flight = undefined;
    this.#projection = projection;
    this.controls.object = this.camera;
    this.#place(pose);
    this.controls.update();
  }

  /** Model units that the view is high at the target. */
  get viewHeight(): number {
    return this.#viewHeightAt(this.#pose().distance);
  }

  /** The point that the camera turns about. */
  get target(): Vector3 {
    return this.controls.target;
  }

  /** Where the eye is, in model units, and how wide it sees: 0 degrees for a parallel projection. */
  get viewpoint(): { eye: Vec3; target: Vec3; fovDeg: number } {
    return {
      eye: this.camera.position.toArray(),
      target: this.controls.target.toArray(),
      fovDeg: this.#projection === "perspective" ? FIELD_OF_VIEW_DEG : 0,
    };
  }

  resize(width: number, height: number): void {
    const pose = this.#pose();
    this.#aspect = width / Math.max(height, 1);
    this.#place(pose);
  }

  /**
   * Looks at all of `box`, from `preset` or from where the camera is. `nowMs` starts a flight, without it the camera
   * jumps. With the `vertices` of what is in the box (x, y, z, x, …) round things fill the view as square ones do.
   */
  fit(
    box: Box,
    preset: ViewPreset | undefined,
    nowMs: number | undefined,
    vertices: readonly Float32Array[] = [],
  ): void {
    const pose = this.#pose();
    const angles = preset === undefined ? pose : poseTowards(PRESET_DIRECTIONS[preset]);
    const bounds = new Box3(new Vector3(...box.min), new Vector3(...box.max));
    const target = bounds.getCenter(new Vector3());
    const direction = offsetOf({ polar: angles.polar, azimuth: angles.azimuth, distance: 1 });
    const points = vertices.length > 0 ? sample(vertices) : cornersOf(bounds);
    const distance = this.#distanceToFit(points, target, direction);
    this.#flyTo({ target, distance, polar: angles.polar, azimuth: angles.azimuth }, nowMs);
  }

  /** Turns to a preset about the present target, keeping the distance. */
  turn(preset: ViewPreset, nowMs: number | undefined): void {
    const { target, distance } = this.#pose();
    this.#flyTo({ ...poseTowards(PRESET_DIRECTIONS[preset]), target, distance }, nowMs);
  }

  /** Moves on by one frame. True while the camera still moves and wants another. */
  update(nowMs: number): boolean {
    const flight = this.#flight;
    if (flight !== undefined) {
      const share = MathUtils.clamp((nowMs - flight.startMs) / FLIGHT_MS, 0, 1);
      this.#place(poseBetween(flight.from, flight.to, MathUtils.smootherstep(share, 0, 1)));
      if (share === 1) this.#flight = undefined;
    }
    return this.controls.update() || this.#flight !== undefined;
  }

  /** Sets the near and far planes around `box`, so that depth is precise at any size. */
  clipTo(box: Box): void {
    const camera = this.camera;
    const bounds = new Box3(new Vector3(...box.min), new Vector3(...box.max));
    const radius = Math.max(bounds.getSize(new Vector3()).length() / 2, this.viewHeight);
    const distance = camera.position.distanceTo(bounds.getCenter(new Vector3()));
    camera.far = distance + 4 * radius;
    camera.near =
      camera === this.#perspective
        ? Math.max(distance - 1.5 * radius, camera.far / 5000)
        : distance - 4 * radius;
    camera.updateProjectionMatrix();
  }

  dispose(): void {
    this.controls.dispose();
  }

  #flyTo(to: Pose, nowMs: number | undefined): void {
    const from = this.#pose();
    if (nowMs === undefined) {
      this.#flight = undefined;
      this.#place(to);
      this.controls.update();
      return;
    }
    // The short way round.
    const turn = MathUtils.euclideanModulo(to.azimuth - from.azimuth + Math.PI, 2 * Math.PI);
    const azimuth = from.azimuth + turn - Math.PI;
    this.#flight = { startMs: nowMs, from, to: { ...to, azimuth } };
  }

  #pose(): Pose {
    const offset = this.camera.position.clone().sub(this.controls.target);
    const length = offset.length();
    const distance = this.camera === this.#orthographic ? length / this.#orthographic.zoom : length;
    return { ...poseTowards(offset), target: this.controls.target.clone(), distance };
  }

  /** Puts the present camera at `pose`. The orthographic camera takes the distance as its size. */
  #place(pose: Pose): void {
    const camera = this.camera;
    this.controls.target.copy(pose.target);
    camera.position.copy(offsetOf(pose)).add(pose.target);
    camera.lookAt(pose.target);
    if (camera === this.#orthographic) {
      const halfHeight = this.#viewHeightAt(pose.distance) / 2;
      this.#orthographic.top = halfHeight;
      this.#orthographic.bottom = -halfHeight;
      this.#orthographic.right = halfHeight * this.#aspect;
      this.#orthographic.left = -halfHeight * this.#aspect;
      this.#orthographic.zoom = 1;
    } else {
      this.#perspective.aspect = this.#aspect;
    }
    camera.updateProjectionMatrix();
  }

  #viewHeightAt(distance: number): number {
    return 2 * distance * Math.tan(MathUtils.degToRad(FIELD_OF_VIEW_DEG) / 2);
  }

  /** The least distance at which all of `points` are in view from `direction`. */
  #distanceToFit(points: Iterable<Vector3>, target: Vector3, direction: Vector3): number {
    const slope = Math.tan(MathUtils.degToRad(FIELD_OF_VIEW_DEG) / 2) / FIT_MARGIN;
    const right = new Vector3().crossVectors(Z_UP, direction);
    if (right.lengthSq() < 1e-9) right.set(1, 0, 0);
    right.normalize();
    const up = new Vector3().crossVectors(direction, right);
    let distance = 0;
    for (const point of points) {
      point.sub(target);
      const across = Math.abs(point.dot(right)) / (slope * this.#aspect);
      const along = Math.abs(point.dot(up)) / slope;
      const nearer = this.#projection === "perspective" ? point.dot(direction) : 0;
      distance = Math.max(distance, nearer + Math.max(across, along));
    }
    return Math.max(distance, 1e-3);
  }
}

/** The direction to the camera of a view turned by these angles about X, then Z. */
function directionOf(aboutXDeg: number, aboutZDeg: number): Vector3 {
  const polar = MathUtils.degToRad(aboutXDeg);
  return offsetOf({ polar, azimuth: MathUtils.degToRad(aboutZDeg), distance: 1 });
}

function offsetOf({ polar, azimuth, distance }: Omit<Pose, "target">): Vector3 {
  return new Vector3(
    distance * Math.sin(polar) * Math.sin(azimuth),
    -distance * Math.sin(polar) * Math.cos(azimuth),
    distance * Math.cos(polar),
  );
}

function poseTowards(offset: Vector3): Pick<Pose, "polar" | "azimuth"> {
  const across = Math.hypot(offset.x, offset.y);
  // Straight above or below there is no azimuth; a hair beside the pole keeps X to the right and the controls steady.
  const polar = MathUtils.clamp(Math.atan2(across, offset.z), 1e-4, Math.PI - 1e-4);
  const onPole = across <= 1e-9 * Math.max(Math.abs(offset.z), 1e-9);
  return { polar, azimuth: onPole ? 0 : Math.atan2(offset.x, -offset.y) };
}

function poseBetween(from: Pose, to: Pose, share: number): Pose {
  return {
    target: from.target.clone().lerp(to.target, share),
    distance: MathUtils.lerp(from.distance, to.distance, share),
    polar: MathUtils.lerp(from.polar, to.polar, share),
    azimuth: MathUtils.lerp(from.azimuth, to.azimuth, share),
  };
}

/** So many vertices of `arrays` at most, evenly taken; the same vector each time, with other numbers. */
function* sample(arrays: readonly Float32Array[]): Iterable<Vector3> {
  const point = new Vector3();
  const total = arrays.reduce((sum, array) => sum + array.length / 3, 0);
  const stride = 3 * Math.ceil(total / MAX_FITTED_VERTICES);
  for (const array of arrays) {
    for (let at = 0; at < array.length; at += stride) yield point.fromArray(array, at);
  }
}

function* cornersOf({ min, max }: Box3): Iterable<Vector3> {
  for (const x of [min.x, max.x]) {
    for (const y of [min.y, max.y]) {
      for (const z of [min.z, max.z]) yield new Vector3(x, y, z);
    }
  }
}
