import { describe, expect, it } from "vitest";
import { chunkEdges, seamEdges } from "../src/edges.js";
import type { ChunkArrays } from "../src/scene.js";
import { cubeArrays } from "./support.js";

/** The triangles of `arrays` whose numbers `keep` accepts, as a chunk of their own. */
function pick({ positions, indices }: ChunkArrays, keep: (triangle: number) => boolean) {
  return { positions, indices: indices.filter((_, corner) => keep(Math.floor(corner / 3))) };
}

describe("chunkEdges", () => {
  it("finds the twelve edges of a cube and not the diagonals of its faces", () => {
    const { features, borders } = chunkEdges(cubeArrays());
    expect(features.length).toBe(12 * 2);
    expect(borders.length).toBe(0);
    const lengths = Array.from({ length: 12 }, (_, edge) => {
      const [a = 0, b = 0] = features.subarray(2 * edge);
      return Math.log2(a ^ b);
    });
    // The corners of an edge differ in one coordinate, those of a diagonal in two.
    expect(lengths.every(Number.isInteger)).toBe(true);
  });

  it("draws nothing inside a flat sheet and gives its rim as borders", () => {
    const sheet = pick(cubeArrays(), (triangle) => triangle < 2);
    const { features, borders } = chunkEdges(sheet);
    expect(features.length).toBe(0);
    expect(borders.length).toBe(4 * 9);
  });

  it("draws no edge at a triangle without area", () => {
    const positions = new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0, 2, 0, 0]);
    const indices = new Uint16Array([0, 1, 2, 1, 0, 3]);
    expect(chunkEdges({ positions, indices }).features.length).toBe(0);
  });

  it("takes 32-bit indices as well", () => {
    const { positions, indices } = cubeArrays();
    const wide = { positions, indices: Uint32Array.from(indices) };
    expect(chunkEdges(wide).features.length).toBe(12 * 2);
  });
});

describe("seamEdges", () => {
  const cube = cubeArrays();
  const edgesOf = (keep: (triangle: number) => boolean) => chunkEdges(pick(cube, keep));

  it("draws a seam that is a feature of the whole, and no other", () => {
    // The cut goes along three edges of the cube and across one face's diagonal.
    const first = (triangle: number) => triangle < 3;
    const halves = [edgesOf(first), edgesOf((triangle) => !first(triangle))];
    const inside = halves.reduce((sum, { features }) => sum + features.length / 2, 0);
    const seams = seamEdges(halves).length / 6;
    expect(inside + seams).toBe(12);
    expect(seams).toBeGreaterThan(0);
  });

  it("draws the rim of an open shape", () => {
    expect(seamEdges([edgesOf((triangle) => triangle < 2)]).length).toBe(4 * 6);
  });

  it("has nothing to draw for closed chunks", () => {
    expect(seamEdges([chunkEdges(cube)]).length).toBe(0);
  });
});
