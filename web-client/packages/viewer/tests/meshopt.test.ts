import { expect, it } from "vitest";
import { meshoptSimplify } from "../src/meshopt.js";
import type { ChunkArrays } from "../src/scene.js";

const SIDE = 40;

/** The height of a smooth hill over the unit square. */
const height = (x: number, y: number) => Math.sin(3 * x) * Math.cos(2 * y);

/** One chunk of a surface: a grid over `[left, left + 1] × [0, 1]`, open at its four sides. */
function patch(left: number): ChunkArrays {
  const positions = new Float32Array(3 * (SIDE + 1) ** 2);
  const indices: number[] = [];
  for (let row = 0; row <= SIDE; row++) {
    for (let column = 0; column <= SIDE; column++) {
      const [x, y] = [left + column / SIDE, row / SIDE];
      positions.set([x, y, height(x, y)], 3 * (row * (SIDE + 1) + column));
    }
  }
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const a = row * (SIDE + 1) + column;
      const [b, c, d] = [a + 1, a + SIDE + 2, a + SIDE + 1];
      indices.push(a, b, c, a, c, d);
    }
  }
  return { positions, indices: Uint16Array.from(indices) };
}

/** The edges with a triangle on one side only, as texts of the coordinates of their ends, sorted. */
function border({ positions }: ChunkArrays, indices: ArrayLike<number>): string[] {
  const point = (vertex: number) => positions.slice(3 * vertex, 3 * vertex + 3).join(" ");
  const open = new Set<string>();
  for (let at = 0; at < indices.length; at += 3) {
    for (let corner = 0; corner < 3; corner++) {
      const from = point(indices[at + corner] ?? 0);
      const to = point(indices[at + ((corner + 1) % 3)] ?? 0);
      if (!open.delete(`${to}|${from}`)) open.add(`${from}|${to}`);
    }
  }
  return [...open].sort();
}

it("leaves borders as they are, so that chunks of different levels fit without a crack", async () => {
  const simplify = await meshoptSimplify();
  for (const left of [0, 1]) {
    const chunk = patch(left);
    const exact = chunk.indices.length / 3;
    for (const share of [1 / 4, 1 / 16]) {
      const { indices } = simplify(chunk, exact * share);
      expect(indices.length / 3).toBeLessThan(exact * 0.4);
      expect(border(chunk, indices)).toEqual(border(chunk, chunk.indices));
    }
  }
});

it("is off by no more than it says, in model units", async () => {
  const simplify = await meshoptSimplify();
  const { positions, indices: exact } = patch(0);
  // Ten times the size, so that a share of the size would be too small.
  const large = { positions: positions.map((x) => 10 * x), indices: exact };
  const { indices, error } = simplify(large, exact.length / 3 / 8);
  expect(error).toBeGreaterThan(0);
  let worst = 0;
  for (let at = 0; at < indices.length; at += 3) {
    const corners = [0, 1, 2].map((corner) => {
      const vertex = 3 * (indices[at + corner] ?? 0);
      return large.positions.slice(vertex, vertex + 3);
    });
    const middle = (axis: number) =>
      corners.reduce((sum, corner) => sum + (corner[axis] ?? 0) / 3, 0);
    const surface = 10 * height(middle(0) / 10, middle(1) / 10);
    worst = Math.max(worst, Math.abs(middle(2) - surface));
  }
  // The error is measured along the normal, this distance along Z, on a slope of at most 3; and the grid is not the hill.
  expect(worst).toBeLessThan(4 * error + 0.02);
});
