/**
 * The three.js objects of one chunk: a mesh for its faces and, once asked for, lines for its feature edges.
 *
 * Whoever creates a chunk view disposes it; its materials belong to {@link Materials}.
 */

import {
  BufferAttribute,
  BufferGeometry,
  Group,
  LineSegments,
  type Material,
  Mesh,
  Sphere,
  Vector3,
} from "three";
import type { Simplified } from "./detail.js";
import { type ChunkEdges, chunkEdges } from "./edges.js";
import type { Look } from "./materials.js";
import type { Box, ChunkArrays, ChunkInfo } from "./scene.js";

/** Draw order: solids and the caps of their cut, their edges, then what one sees through and its edges. */
const ORDER_FACES = 0;
const ORDER_TRANSLUCENT = 2;

/** One chunk on screen. */
export class ChunkView {
  /** Holds the faces and edges; the caller adds it to the scene. */
  readonly object = new Group();
  readonly mesh: Mesh<BufferGeometry, Look["faces"]>;
  readonly hash: string;
  readonly box: Box;
  readonly arrays: ChunkArrays;
  readonly sphere: Sphere;
  readonly #look: Look;
  /** One per level, the exact one first; they share the positions. */
  readonly #geometries: BufferGeometry[];
  #levels: { readonly triangles: number; readonly error: number }[];
  #isSimplified = false;
  #edges: ChunkEdges | undefined;
  #lines: LineSegments | undefined;
  #caps: Mesh | undefined;

  /** Shows `arrays` without copying them. The box comes from the manifest, so nothing is measured here. */
  constructor({ hash, box }: ChunkInfo, arrays: ChunkArrays, look: Look) {
    this.hash = hash;
    this.box = box;
    this.arrays = arrays;
    this.#look = look;
    this.sphere = sphereOf(box);
    const geometry = this.#geometryOf(new BufferAttribute(arrays.positions, 3), arrays.indices);
    this.#geometries = [geometry];
    this.#levels = [{ triangles: arrays.indices.length / 3, error: 0 }];
    this.mesh = new Mesh(geometry, look.faces);
    this.mesh.renderOrder = look.translucent ? ORDER_TRANSLUCENT : ORDER_FACES;
    freeze(this.object);
    freeze(this.mesh);
    this.object.add(this.mesh);
  }

  /** Whether it is opaque and closed: not a 2D shape, nothing that one sees through. */
  get isSolid(): boolean {
    return this.#look.solid;
  }

  /** Its forms, the exact one first, each with fewer triangles than the one before. */
  get levels(): readonly { readonly triangles: number; readonly error: number }[] {
    return this.#levels;
  }

  /** Whether {@link addLevels} was called. */
  get isSimplified(): boolean {
    return this.#isSimplified;
  }

  /** Adds simplified forms of its triangles, finer ones first. */
  addLevels(levels: readonly (Simplified & { readonly triangles: number })[]): void {
    this.#isSimplified = true;
    const positions = this.mesh.geometry.getAttribute("position") as BufferAttribute;
    for (const { indices, triangles, error } of levels) {
      this.#geometries.push(this.#geometryOf(positions, indices));
      this.#levels.push({ triangles, error });
    }
  }

  /** Draws the form of this level, an index into {@link levels}. */
  showLevel(level: number): void {
    const geometry = this.#geometries[level];
    if (geometry === undefined) throw new RangeError(`the chunk has no level ${level}`);
    this.mesh.geometry = geometry;
    if (this.#caps !== undefined) this.#caps.geometry = geometry;
  }

  #geometryOf(positions: BufferAttribute, indices: Uint16Array | Uint32Array): BufferGeometry {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", positions);
    geometry.setIndex(new BufferAttribute(indices, 1));
    geometry.boundingSphere = this.sphere;
    return geometry;
  }

  /** The feature edges and borders, found at the first call. */
  edges(): ChunkEdges {
    this.#edges ??= chunkEdges(this.arrays);
    return this.#edges;
  }

  /** Shows or hides the feature edges. The first time this searches the chunk for them. */
  showEdges(visible: boolean): void {
    if (visible && this.#lines === undefined) {
      const geometry = new BufferGeometry();
      // The faces' own attribute: the positions are on the GPU once.
      geometry.setAttribute("position", this.mesh.geometry.getAttribute("position"));
      geometry.setIndex(new BufferAttribute(this.edges().features, 1));
      geometry.boundingSphere = this.mesh.geometry.boundingSphere;
      this.#lines = new LineSegments(geometry, this.#look.edges);
      this.#lines.renderOrder = this.mesh.renderOrder + 1;
      freeze(this.#lines);
      this.object.add(this.#lines);
    }
    if (this.#lines !== undefined) this.#lines.visible = visible;
  }

  /** Shows or hides the back faces as caps of a cut. */
  showCaps(visible: boolean, material: Material): void {
    if (visible && this.#caps === undefined) {
      this.#caps = new Mesh(this.mesh.geometry, material);
      this.#caps.renderOrder = ORDER_FACES;
      freeze(this.#caps);
      this.object.add(this.#caps);
    }
    if (this.#caps !== undefined) this.#caps.visible = visible;
  }

  /** Frees what this chunk holds on the GPU. */
  dispose(): void {
    this.object.removeFromParent();
    this.#lines?.geometry.dispose();
    for (const geometry of this.#geometries) geometry.dispose();
  }
}

/** The sphere around a box. */
export function sphereOf(box: Box): Sphere {
  const min = new Vector3(...box.min);
  const max = new Vector3(...box.max);
  return new Sphere(min.clone().add(max).multiplyScalar(0.5), min.distanceTo(max) / 2);
}

/** Chunks never move: their positions are the model's own, so three.js need not compute matrices each frame. */
function freeze(object: Group | Mesh | LineSegments): void {
  object.matrixAutoUpdate = false;
  object.matrixWorldAutoUpdate = false;
}
