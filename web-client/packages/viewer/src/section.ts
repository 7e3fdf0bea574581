/**
 * The section plane: cuts the model open along one axis.
 */

import { MathUtils, Plane, Vector3 } from "three";
import type { Box } from "./scene.js";

/** Where the model is cut. */
export interface Section {
  readonly axis: "x" | "y" | "z";
  /** From 0, everything cut away, to 1, nothing: the share of the model's box that is kept. */
  readonly keep: number;
  /** Keeps the far side instead of the near one. */
  readonly flipped?: boolean;
}

const AXES = { x: 0, y: 1, z: 2 } as const;

/** The plane that cuts `box` as `section` asks; three.js keeps what lies on its positive side. */
export function sectionPlane({ axis, keep, flipped = false }: Section, box: Box): Plane {
  const index = AXES[axis];
  const share = MathUtils.clamp(flipped ? 1 - keep : keep, 0, 1);
  // A hair beyond the box at the ends, so that faces that lie exactly in the plane do not flicker.
  const slack = 1e-4 * Math.max(box.max[index] - box.min[index], 1e-3);
  const at = MathUtils.lerp(box.min[index] - slack, box.max[index] + slack, share);
  const normal = new Vector3().setComponent(index, flipped ? 1 : -1);
  return new Plane(normal, flipped ? -at : at);
}
