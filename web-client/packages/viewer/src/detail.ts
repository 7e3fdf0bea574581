/**
 * Levels of detail: which form of each chunk is drawn.
 *
 * A chunk is drawn in the coarsest of its forms whose error cannot be seen from where one looks. If all chunks together
 * have more triangles than the device should draw, those give way first whose loss is the smallest on screen: the far
 * and the small ones. Forms have the same border, so that chunks of different levels fit each other without a crack.
 */

import type { ChunkArrays, Vec3 } from "./scene.js";

/** A chunk's triangles with fewer of them. */
export interface Simplified {
  /** Three numbers per triangle, of vertices that the chunk has. */
  readonly indices: Uint32Array;
  /** How far it is from the chunk itself at most, in model units. */
  readonly error: number;
}

/**
 * Leaves about `triangles` of a chunk's triangles, more where it must. Keeps vertices on the border where they are: the
 * neighbours have them too.
 */
export type Simplify = (arrays: ChunkArrays, triangles: number) => Simplified;

/** What is asked of one chunk. */
export interface Candidate {
  /** Pixels per model unit where it is, or where it is nearest. */
  readonly pixelsPerUnit: number;
  /** How large it is on screen. */
  readonly sidePx: number;
  /** Its forms, the exact one first; each has fewer triangles than the one before. */
  readonly levels: readonly { readonly triangles: number; readonly error: number }[];
}

/** Where one looks from, for judging sizes. */
export interface Eye {
  readonly position: Vec3;
  /** Vertical field of view in degrees; 0 is a parallel projection. */
  readonly fovDeg: number;
  /** Model units that a parallel projection shows from top to bottom. */
  readonly viewHeight: number;
  readonly heightPx: number;
}

/** An error of this many pixels is not seen: it is less than what smooths the edges of triangles covers. */
const UNSEEN_ERROR_PX = 0.5;
/** Flat triangles of this many square pixels are not seen as such. Picked by hand. */
const UNSEEN_FACET_PX2 = 16;

/** The level of each candidate, given what all together may have. The budget is kept as far as their levels allow. */
export function chooseLevels(candidates: readonly Candidate[], budget: number): number[] {
  const chosen = candidates.map(({ pixelsPerUnit, sidePx, levels }) => {
    const visible = levels.findIndex(
      ({ triangles, error }, level) =>
        level > 0 &&
        (error * pixelsPerUnit > UNSEEN_ERROR_PX || sidePx ** 2 > triangles * UNSEEN_FACET_PX2),
    );
    return visible === -1 ? levels.length - 1 : visible - 1;
  });
  const trianglesAt = (index: number, level: number) =>
    candidates[index]?.levels[level]?.triangles ?? 0;
  let total = chosen.reduce((sum, level, index) => sum + trianglesAt(index, level), 0);
  if (total <= budget) return chosen;
  // Errors grow with the level, so the steps of one chunk stay in their order.
  const steps = candidates.flatMap(({ pixelsPerUnit, levels }, index) =>
    levels.flatMap(({ error }, level) =>
      level > (chosen[index] ?? 0) ? [{ index, level, errorPx: error * pixelsPerUnit }] : [],
    ),
  );
  steps.sort((a, b) => a.errorPx - b.errorPx || a.level - b.level);
  for (const { index, level } of steps) {
    if (total <= budget) break;
    total += trianglesAt(index, level) - trianglesAt(index, chosen[index] ?? 0);
    chosen[index] = level;
  }
  return chosen;
}

/** Pixels per model unit at a sphere, where that is nearest to the eye. */
export function pixelsPerUnit(eye: Eye, center: Vec3, radius: number): number {
  if (eye.fovDeg === 0) return eye.heightPx / eye.viewHeight;
  const [x, y, z] = [0, 1, 2].map((axis) => (center[axis] ?? 0) - (eye.position[axis] ?? 0));
  const away = Math.hypot(x ?? 0, y ?? 0, z ?? 0) - radius;
  // Around the eye everything is as large as can be.
  if (away <= 0) return Number.POSITIVE_INFINITY;
  return eye.heightPx / (2 * away * Math.tan((eye.fovDeg * Math.PI) / 360));
}
