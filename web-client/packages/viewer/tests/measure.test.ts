import { type Mesh, PerspectiveCamera, Plane, Vector3 } from "three";
import { beforeEach, describe, expect, it } from "vitest";
import { ChunkView } from "../src/chunk-view.js";
import { Materials } from "../src/materials.js";
import { Measure, type PointerPlace } from "../src/measure.js";
import { cubeArrays, cubeBox, SOLID } from "./support.js";

/** Looks down on a cube of 10 at the origin, 400 pixels wide. */
const camera = new PerspectiveCamera(45, 1, 0.1, 1000);
camera.position.set(5, 5, 40);
camera.lookAt(5, 5, 0);
camera.updateMatrixWorld();

const info = { hash: "a", part: 0, box: cubeBox(0, 10) };
const cube = new ChunkView(info, cubeArrays(0, 10), new Materials().lookOf(SOLID)).mesh;

let measure: Measure;

beforeEach(() => {
  measure = new Measure();
});

/** The pixel at which a point of the model is seen. */
function pixelOf(x: number, y: number, z: number): PointerPlace {
  const { x: right, y: up } = new Vector3(x, y, z).project(camera);
  return { x: (right + 1) * 200, y: (1 - up) * 200, width: 400, height: 400 };
}

const pick = (place: PointerPlace, plane?: Plane) =>
  measure.pick(place, camera, [cube as Mesh], plane);

describe("picking", () => {
  it("measures between two corners that are nearly hit", () => {
    const near = pixelOf(0, 0, 10);
    expect(pick({ ...near, x: near.x + 4, y: near.y - 4 })).toBe(true);
    expect(measure.measurement).toBeUndefined();
    pick(pixelOf(9.9, 9.9, 10));
    expect(measure.measurement).toEqual({
      from: [0, 0, 10],
      to: [10, 10, 10],
      distance: Math.hypot(10, 10),
      delta: [10, 10, 0],
    });
  });

  it("takes the point itself far from any corner", () => {
    pick(pixelOf(5, 4, 10));
    pick(pixelOf(5, 6, 10));
    expect(measure.measurement?.distance).toBeCloseTo(2);
  });

  it("finds nothing beside the model", () => {
    expect(pick({ x: 1, y: 1, width: 400, height: 400 })).toBe(false);
    expect(measure.pickCount).toBe(0);
  });

  it("does not pick what the section has cut away", () => {
    const keepLowerHalf = new Plane(new Vector3(0, 0, -1), 5);
    pick(pixelOf(5, 4, 10), keepLowerHalf);
    pick(pixelOf(5, 6, 10), keepLowerHalf);
    expect(measure.measurement?.from[2]).toBeCloseTo(0);
  });

  it("starts anew with the third point", () => {
    for (const y of [3, 4, 5]) pick(pixelOf(5, y, 10));
    expect(measure.pickCount).toBe(1);
  });
});
