/** The protocol's scene as the viewer takes it. */

import type { Rgba, Scene } from "@scadstream/client";
import type { PartKind, Rgba as ViewerRgba, Scene as ViewerScene } from "@scadstream/viewer";

const KINDS: ReadonlySet<string> = new Set<PartKind>(["solid", "highlight", "background", "flat"]);

/** Converts a scene. It is complete when the server has announced all of it. */
export function toViewerScene(scene: Scene): ViewerScene {
  return {
    parts: scene.parts.map(({ kind, color }) => ({
      // A kind of a later server is drawn as what it most likely is.
      kind: KINDS.has(kind) ? (kind as PartKind) : "solid",
      color: toUnit(color),
    })),
    chunks: scene.chunks.map(({ hash, part, color, bounds }) => ({
      hash,
      part,
      color: toUnit(color),
      box: bounds,
    })),
    complete: scene.announced,
  };
}

function toUnit(color: Rgba | undefined): ViewerRgba | undefined {
  if (color === undefined) return undefined;
  const [r, g, b, a] = color;
  return [r / 255, g / 255, b / 255, a / 255];
}
