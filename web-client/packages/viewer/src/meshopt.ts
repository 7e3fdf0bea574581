/** Simplifies chunks with npm's `meshoptimizer`, which is needed for this module alone. */

import { MeshoptSimplifier } from "meshoptimizer/simplifier";
import type { Simplify } from "./detail.js";

/** Numbers from one vertex to the next. */
const STRIDE = 3;
/** Any error is allowed: whether it can be seen is judged by the camera. */
const ANY_ERROR = 1;

/** The simplifier, once its WebAssembly is compiled: for `Viewer.simplify`. */
export async function meshoptSimplify(): Promise<Simplify> {
  await MeshoptSimplifier.ready;
  return ({ positions, indices }, triangles) => {
    const [simplified, error] = MeshoptSimplifier.simplify(
      Uint32Array.from(indices),
      positions,
      STRIDE,
      3 * triangles,
      ANY_ERROR,
      ["LockBorder"],
    );
    // It tells errors as a share of the mesh's size.
    return {
      indices: simplified,
      error: error * MeshoptSimplifier.getScale(positions, STRIDE),
    };
  };
}
