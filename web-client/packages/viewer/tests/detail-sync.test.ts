import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Simplify } from "../src/detail.js";
import type { ChunkArrays, Scene } from "../src/scene.js";
import { Viewer } from "../src/viewer.js";
import { CountingRenderer, SOLID } from "./support.js";

/** Triangles of every chunk of these tests. */
const TRIANGLES = 1000;

let host: HTMLElement;
let viewer: Viewer;

beforeEach(() => {
  vi.useFakeTimers();
  host = document.createElement("div");
  Object.defineProperties(host, { clientWidth: { value: 800 }, clientHeight: { value: 600 } });
  document.body.append(host);
});

afterEach(() => {
  viewer.dispose();
  host.remove();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTime(2000);

/** Keeps the first triangles, and says that this is off by a hundredth of what is missing. */
const simplify = vi.fn<Simplify>(({ indices }, triangles) => ({
  indices: Uint32Array.from(indices.subarray(0, 3 * triangles)),
  error: (TRIANGLES - triangles) / TRIANGLES / 100,
}));

/** Shows chunks of a unit's size at these places along X. */
function show(places: readonly number[], options: { triangleBudget?: number } = {}): void {
  viewer = new Viewer(host, { renderer: new CountingRenderer(), ...options });
  viewer.edgesVisible = false;
  const scene: Scene = {
    parts: [SOLID],
    chunks: places.map((x) => ({
      hash: `at ${x}`,
      part: 0,
      box: { min: [x, 0, 0], max: [x + 1, 1, 1] },
    })),
  };
  viewer.beginScene(scene);
  for (const { hash } of scene.chunks) viewer.addChunk(hash, arrays());
  settle();
}

function arrays(): ChunkArrays {
  const indices = Uint16Array.from({ length: 3 * TRIANGLES }, (_, corner) => corner % 300);
  return { positions: new Float32Array(900), indices };
}

describe("levels of detail", () => {
  it("are nobody's concern without a simplifier", () => {
    show([0, 1], { triangleBudget: 1 });
    expect(viewer.drawnTriangleCount).toBe(2 * TRIANGLES);
  });

  it("are not made of what is large on screen", () => {
    show([0]);
    simplify.mockClear();
    viewer.simplify = simplify;
    settle();
    expect(simplify).not.toHaveBeenCalled();
    expect(viewer.drawnTriangleCount).toBe(TRIANGLES);
  });

  it("leave out what is not seen of small chunks, and of these alone", () => {
    // The first chunk fills the view of a model that is two thousand units long for its eye only when it is near.
    show([0, 2000]);
    viewer.simplify = simplify;
    settle();
    expect(viewer.drawnTriangleCount).toBeLessThan(TRIANGLES);
    expect(viewer.triangleCount).toBe(2 * TRIANGLES);
  });

  it("keep to the budget of the device, and are exact while one measures", () => {
    const near = Array.from({ length: 8 }, (_, x) => x);
    show(near, { triangleBudget: 3000 });
    viewer.simplify = simplify;
    settle();
    expect(viewer.drawnTriangleCount).toBeLessThanOrEqual(3000);
    viewer.measuring = true;
    settle();
    expect(viewer.drawnTriangleCount).toBe(8 * TRIANGLES);
    viewer.measuring = false;
    settle();
    expect(viewer.drawnTriangleCount).toBeLessThanOrEqual(3000);
    viewer.simplify = undefined;
    settle();
    expect(viewer.drawnTriangleCount).toBe(8 * TRIANGLES);
  });
});
