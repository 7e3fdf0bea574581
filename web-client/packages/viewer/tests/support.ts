/** Small scenes and a renderer that only counts, for all viewer tests. */

import { BufferGeometry, Material, type Scene as ThreeScene } from "three";
import { vi } from "vitest";
import type { Box, ChunkArrays, Part, Scene } from "../src/scene.js";
import type { Renderer } from "../src/viewer.js";

export const SOLID: Part = { kind: "solid", color: undefined };

/** The box of the chunk that {@link cubeArrays} makes for the same corner. */
export function cubeBox(corner = 0, size = 1): Box {
  return { min: [corner, corner, corner], max: [corner + size, corner + size, corner + size] };
}

/** A cube with its least corner at (`corner`, `corner`, `corner`), wound counter-clockwise seen from outside. */
export function cubeArrays(corner = 0, size = 1): ChunkArrays {
  const positions = new Float32Array(24);
  for (let vertex = 0; vertex < 8; vertex++) {
    positions.set(
      [0, 1, 2].map((axis) => corner + ((vertex >> axis) & 1) * size),
      vertex * 3,
    );
  }
  const quads = [
    [0, 2, 3, 1],
    [4, 5, 7, 6],
    [0, 1, 5, 4],
    [2, 6, 7, 3],
    [0, 4, 6, 2],
    [1, 3, 7, 5],
  ] as const;
  const indices = quads.flatMap(([a, b, c, d]) => [a, b, c, a, c, d]);
  return { positions, indices: new Uint16Array(indices) };
}

/** A scene of cubes: each hash is one chunk of the default part. */
export function sceneOf(...hashes: string[]): Scene {
  return {
    parts: [SOLID],
    chunks: hashes.map((hash, index) => ({ hash, part: 0, box: cubeBox(index * 2) })),
  };
}

/** Counts the geometries and materials that are disposed from now on, until the test ends. */
export function countDisposals(): { readonly geometries: number; readonly materials: number } {
  const geometries = vi.spyOn(BufferGeometry.prototype, "dispose");
  const materials = vi.spyOn(Material.prototype, "dispose");
  return {
    get geometries() {
      return geometries.mock.calls.length;
    },
    get materials() {
      return materials.mock.calls.length;
    },
  };
}

/** A renderer that draws nothing and counts. */
export class CountingRenderer implements Renderer {
  readonly domElement = document.createElement("canvas");
  localClippingEnabled = false;
  frames = 0;
  disposed = false;
  size: [number, number] = [0, 0];
  pixelRatio = 0;
  lastScene: ThreeScene | undefined;

  render(scene: ThreeScene): void {
    this.frames++;
    this.lastScene = scene;
  }

  setPixelRatio(ratio: number): void {
    this.pixelRatio = ratio;
  }

  setSize(width: number, height: number): void {
    this.size = [width, height];
  }

  dispose(): void {
    this.disposed = true;
  }
}
