/**
 * Shows a streamed OpenSCAD model with three.js.
 *
 * ```ts
 * const viewer = new Viewer(document.querySelector("#view"));
 * viewer.beginScene({ parts: [{ kind: "solid", color: undefined }], chunks: [{ hash, part: 0, box }] });
 * viewer.addChunk(hash, { positions, indices });
 * ```
 */

export type { Projection, ViewPreset } from "./camera.js";
export type { Simplified, Simplify } from "./detail.js";
export { AXIS_COLORS } from "./ground.js";
export { DARK_COLORS, DEFAULT_COLOR, LIGHT_COLORS, type ViewColors } from "./materials.js";
export type { Measurement } from "./measure.js";
export type { Box, ChunkArrays, ChunkInfo, Part, PartKind, Rgba, Scene, Vec3 } from "./scene.js";
export type { Section } from "./section.js";
export {
  type Renderer,
  Viewer,
  type ViewerEvents,
  type ViewerOptions,
  type Viewpoint,
} from "./viewer.js";
