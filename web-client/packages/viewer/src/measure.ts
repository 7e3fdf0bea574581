/**
 * Measures between two points picked on the model.
 *
 * A pick snaps to the nearest corner of the face under the pointer, if one is near enough on screen: corners are what
 * one wants to measure between.
 */

import {
  BufferAttribute,
  BufferGeometry,
  type Camera,
  Group,
  type Intersection,
  Line,
  LineBasicMaterial,
  type Mesh,
  type Object3D,
  type Plane,
  Points,
  PointsMaterial,
  Raycaster,
  Vector2,
  Vector3,
} from "three";
import type { Vec3 } from "./scene.js";

/** A corner within this many pixels of the pointer is taken. Picked by hand: about the size of a fingertip's centre. */
const SNAP_PX = 12;
const COLOR = "#e6007e";

/** Two points and what lies between them, in model units. */
export interface Measurement {
  readonly from: Vec3;
  readonly to: Vec3;
  readonly distance: number;
  /** The way from `from` to `to` along each axis. */
  readonly delta: Vec3;
}

/** Where the pointer is, and on how large a view, in CSS pixels. */
export interface PointerPlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Picks points and draws the line between the last two. */
export class Measure {
  /** The line and its ends; the caller adds it to the scene. */
  readonly root = new Group();
  readonly #raycaster = new Raycaster();
  readonly #line: Line<BufferGeometry, LineBasicMaterial>;
  readonly #ends: Points<BufferGeometry, PointsMaterial>;
  #picked: Vector3[] = [];

  constructor() {
    const always = { color: COLOR, depthTest: false, transparent: true };
    this.#line = new Line(new BufferGeometry(), new LineBasicMaterial(always));
    this.#ends = new Points(
      new BufferGeometry(),
      new PointsMaterial({ ...always, size: 8, sizeAttenuation: false }),
    );
    for (const object of [this.#line, this.#ends]) {
      object.renderOrder = 10;
      object.frustumCulled = false;
    }
    this.root.add(this.#line, this.#ends);
  }

  /**
   * Picks the point of `meshes` under the pointer that `plane` does not cut away. A third pick starts anew. False when
   * there is nothing under the pointer.
   */
  pick(place: PointerPlace, camera: Camera, meshes: Mesh[], plane: Plane | undefined): boolean {
    const pointer = new Vector2((place.x / place.width) * 2 - 1, 1 - (place.y / place.height) * 2);
    this.#raycaster.setFromCamera(pointer, camera);
    const hit = this.#raycaster
      .intersectObjects<Object3D>(meshes, false)
      .find(({ point }) => plane === undefined || plane.distanceToPoint(point) >= 0);
    if (hit === undefined) return false;
    if (this.#picked.length === 2) this.#picked = [];
    this.#picked.push(snapToCorner(hit, place, pointer, camera));
    this.#draw();
    return true;
  }

  /** How many points are picked: 0, 1 or 2. */
  get pickCount(): number {
    return this.#picked.length;
  }

  /** The measurement, once two points are picked. */
  get measurement(): Measurement | undefined {
    const [from, to] = this.#picked;
    if (from === undefined || to === undefined) return undefined;
    return {
      from: from.toArray(),
      to: to.toArray(),
      distance: from.distanceTo(to),
      delta: withoutNoise(to.clone().sub(from)),
    };
  }

  clear(): void {
    this.#picked = [];
    this.#draw();
  }

  dispose(): void {
    for (const object of [this.#line, this.#ends]) {
      object.geometry.dispose();
      object.material.dispose();
    }
    this.root.removeFromParent();
  }

  #draw(): void {
    const positions = new Float32Array(this.#picked.flatMap((point) => point.toArray()));
    for (const object of [this.#line, this.#ends]) {
      object.geometry.dispose();
      object.geometry.setAttribute("position", new BufferAttribute(positions, 3));
      object.geometry.setDrawRange(0, this.#picked.length);
    }
  }
}

/** Positions have single precision: what is this much smaller than the distance is nothing but rounding. */
function withoutNoise(delta: Vector3): Vec3 {
  const least = 1e-6 * delta.length();
  const clean = (component: number) => (Math.abs(component) < least ? 0 : component);
  return [clean(delta.x), clean(delta.y), clean(delta.z)];
}

function snapToCorner(
  hit: Intersection,
  place: PointerPlace,
  pointer: Vector2,
  camera: Camera,
): Vector3 {
  const { face, object } = hit;
  if (face === null || face === undefined) return hit.point;
  const positions = (object as Mesh).geometry.getAttribute("position");
  let nearest = hit.point;
  let nearestPx = SNAP_PX;
  for (const vertex of [face.a, face.b, face.c]) {
    const corner = new Vector3().fromBufferAttribute(positions, vertex);
    const onScreen = corner.clone().project(camera);
    const distancePx = Math.hypot(
      ((onScreen.x - pointer.x) * place.width) / 2,
      ((onScreen.y - pointer.y) * place.height) / 2,
    );
    if (distancePx < nearestPx) {
      nearest = corner;
      nearestPx = distancePx;
    }
  }
  return nearest;
}
