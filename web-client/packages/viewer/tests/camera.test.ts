import { Vector3 } from "three";
import { beforeEach, describe, expect, it } from "vitest";
import { CameraRig, type ViewPreset } from "../src/camera.js";
import type { Box } from "../src/scene.js";

const BOX: Box = { min: [10, 20, 30], max: [30, 30, 35] };

let rig: CameraRig;

beforeEach(() => {
  rig = new CameraRig(document.createElement("canvas"), () => undefined);
  rig.resize(800, 400);
});

/** Where a point is on screen, from -1 to 1 in each direction. */
function project(x: number, y: number, z: number): Vector3 {
  rig.clipTo(BOX);
  rig.camera.updateMatrixWorld();
  return new Vector3(x, y, z).project(rig.camera);
}

function* corners({ min, max }: Box): Iterable<[number, number, number]> {
  for (const x of [min[0], max[0]])
    for (const y of [min[1], max[1]]) for (const z of [min[2], max[2]]) yield [x, y, z];
}

describe("up", () => {
  it("is OpenSCAD's Z", () => {
    rig.fit(BOX, "front", undefined);
    expect(project(20, 25, 35).y).toBeGreaterThan(project(20, 25, 30).y);
    expect(project(30, 25, 32).x).toBeGreaterThan(project(10, 25, 32).x);
  });

  it("is Y when one looks from the top", () => {
    rig.fit(BOX, "top", undefined);
    expect(project(20, 30, 32).y).toBeGreaterThan(project(20, 20, 32).y);
    expect(project(30, 25, 32).x).toBeGreaterThan(project(10, 25, 32).x);
  });
});

describe("fit", () => {
  const presets: ViewPreset[] = ["iso", "front", "back", "left", "right", "top", "bottom"];
  for (const projection of ["perspective", "orthographic"] as const) {
    it.each(presets)(
      `has all of the model in a ${projection} view from %s, and fills it`,
      (preset) => {
        rig.projection = projection;
        rig.fit(BOX, preset, undefined);
        const extents = Array.from(corners(BOX), (corner) => {
          const at = project(...corner);
          return Math.max(Math.abs(at.x), Math.abs(at.y));
        });
        expect(Math.max(...extents)).toBeLessThan(1);
        expect(Math.max(...extents)).toBeGreaterThan(0.6);
      },
    );
  }

  it("keeps the direction when no preset is asked for", () => {
    rig.fit(BOX, "right", undefined);
    rig.fit({ min: [0, 0, 0], max: [1, 1, 1] }, undefined, undefined);
    const direction = rig.camera.position.clone().sub(rig.target).normalize();
    expect(direction.x).toBeCloseTo(1);
  });

  it("survives a model without extent", () => {
    rig.fit({ min: [1, 1, 1], max: [1, 1, 1] }, "iso", undefined);
    expect(rig.camera.position.toArray().every(Number.isFinite)).toBe(true);
  });
});

describe("projection", () => {
  it("keeps the size of the model on screen", () => {
    rig.fit(BOX, "front", undefined);
    const height = rig.viewHeight;
    rig.projection = "orthographic";
    expect(rig.viewHeight).toBeCloseTo(height);
    rig.projection = "perspective";
    expect(rig.viewHeight).toBeCloseTo(height);
  });
});

describe("flights", () => {
  it("end exactly where they should, and then want no more frames", () => {
    rig.fit(BOX, "front", undefined);
    rig.turn("right", 1000);
    expect(rig.update(1001)).toBe(true);
    let frames = 0;
    while (rig.update(2000 + frames)) frames++;
    expect(frames).toBeLessThan(5);
    const direction = rig.camera.position.clone().sub(rig.target).normalize();
    expect(direction.x).toBeCloseTo(1);
  });

  it("go the short way round", () => {
    rig.fit(BOX, "back", undefined);
    rig.turn("left", 0);
    rig.update(130);
    const direction = rig.camera.position.clone().sub(rig.target);
    expect(direction.x).toBeLessThan(0);
    expect(direction.y).toBeGreaterThan(0);
  });
});
