import type { Part, Scene, SceneChunk } from "@scadstream/client";
import { describe, expect, it } from "vitest";
import { toViewerScene } from "../src/view/to-viewer.js";

describe("toViewerScene", () => {
  it("turns colours of bytes into shares, and unknown kinds into solids", () => {
    const parts: Part[] = [
      { kind: "highlight", color: undefined, name: "" },
      { kind: "unknown-9", color: [255, 0, 51, 255], name: "" },
    ];
    const bounds = { min: [0, 0, 0], max: [1, 1, 1] } as const;
    const chunk = { hash: "a", part: 1, color: [0, 255, 0, 51], bounds } as unknown as SceneChunk;
    const scene = { parts, chunks: [chunk], announced: false } as unknown as Scene;
    expect(toViewerScene(scene)).toEqual({
      parts: [
        { kind: "highlight", color: undefined },
        { kind: "solid", color: [1, 0, 0.2, 1] },
      ],
      chunks: [{ hash: "a", part: 1, color: [0, 1, 0, 0.2], box: bounds }],
      complete: false,
    });
  });
});
