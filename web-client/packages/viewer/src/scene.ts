/**
 * What the viewer is given to show: plain data, no three.js, no protocol.
 *
 * Coordinates are OpenSCAD's: right-handed, Z up, model units. Triangles are wound counter-clockwise seen from
 * outside.
 */

/** A point or direction as `[x, y, z]`. */
export type Vec3 = readonly [number, number, number];

/** An axis-aligned box in model units. */
export interface Box {
  readonly min: Vec3;
  readonly max: Vec3;
}

/** Red, green, blue and opacity from 0 to 1 (sRGB, not premultiplied). */
export type Rgba = readonly [number, number, number, number];

/**
 * What a part is in the picture: a closed solid, a solid marked with `#` and drawn once more, one marked with `%`, or a
 * 2D shape in the plane z = 0.
 */
export type PartKind = "solid" | "highlight" | "background" | "flat";

/** What belongs together in the picture. */
export interface Part {
  readonly kind: PartKind;
  /** `undefined` is OpenSCAD's own colour for this kind. */
  readonly color: Rgba | undefined;
}

/** One chunk as the manifest announces it, before its arrays are there. */
export interface ChunkInfo {
  /** Content hash; chunks of equal hash have equal arrays. */
  readonly hash: string;
  /** Index into {@link Scene.parts}. */
  readonly part: number;
  /** Where it is not the part's. */
  readonly color?: Rgba | undefined;
  readonly box: Box;
}

/** What will be there once every chunk has come. */
export interface Scene {
  readonly parts: readonly Part[];
  readonly chunks: readonly ChunkInfo[];
  /**
   * `false` while more of it will be announced: its chunks are shown as they come, over what is there, which goes when
   * all of it has come.
   */
  readonly complete?: boolean;
}

/** The arrays of one chunk. They are used as they come and must not be changed afterwards. */
export interface ChunkArrays {
  /** `3 × n` vertex positions: x, y, z, x, y, z, … */
  readonly positions: Float32Array;
  /** Three vertex numbers per triangle. */
  readonly indices: Uint16Array | Uint32Array;
}

/** The smallest box that holds all of `boxes`, or `undefined` when there are none. */
export function unionOfBoxes(boxes: Iterable<Box>): Box | undefined {
  const min: [number, number, number] = [Infinity, Infinity, Infinity];
  const max: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (const box of boxes) {
    for (const axis of [0, 1, 2] as const) {
      min[axis] = Math.min(min[axis], box.min[axis]);
      max[axis] = Math.max(max[axis], box.max[axis]);
    }
  }
  return min[0] > max[0] ? undefined : { min, max };
}
