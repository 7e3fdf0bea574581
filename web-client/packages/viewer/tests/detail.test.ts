import { describe, expect, it } from "vitest";
import { type Candidate, chooseLevels, pixelsPerUnit } from "../src/detail.js";

/** A chunk of 1000 triangles with two coarser forms, that is off by 0.1 and 1 units; small on screen unless told. */
function chunk(pixelsPerUnit: number, sidePx = 1): Candidate {
  const levels = [
    { triangles: 1000, error: 0 },
    { triangles: 250, error: 0.1 },
    { triangles: 60, error: 1 },
  ];
  return { pixelsPerUnit, sidePx, levels };
}

describe("without a shortage", () => {
  it.each([
    [0.1, 2],
    [4, 1],
    [100, 0],
    [Number.POSITIVE_INFINITY, 0],
  ])("%f pixels per unit make level %i", (ppu, level) => {
    expect(chooseLevels([chunk(ppu)], 1e9)).toEqual([level]);
  });

  it.each([
    [30, 2],
    [60, 1],
    [100, 0],
  ])(
    "facets would be seen in a chunk of %i pixels, whatever its error: level %i",
    (side, level) => {
      expect(chooseLevels([chunk(0.1, side)], 1e9)).toEqual([level]);
    },
  );

  it("a chunk that was not simplified is drawn as it is", () => {
    const exact = { pixelsPerUnit: 0.001, sidePx: 1, levels: [{ triangles: 9, error: 0 }] };
    expect(chooseLevels([exact], 1e9)).toEqual([0]);
  });
});

describe("above the budget", () => {
  it("what loses least on screen gives way first", () => {
    const near = chunk(1000);
    const far = chunk(10);
    expect(chooseLevels([near, far], 2000)).toEqual([0, 0]);
    expect(chooseLevels([near, far], 1999)).toEqual([0, 1]);
    expect(chooseLevels([near, far], 1200)).toEqual([0, 2]);
    expect(chooseLevels([near, far], 1000)).toEqual([1, 2]);
    expect(chooseLevels([near, far], 1)).toEqual([2, 2]);
  });

  it("chunks of one distance give way one by one, no further than needed", () => {
    const levels = chooseLevels([chunk(50), chunk(50), chunk(50), chunk(50)], 2600);
    expect(levels.filter((level) => level === 1)).toHaveLength(2);
    expect(levels.filter((level) => level === 0)).toHaveLength(2);
  });
});

describe("the size on screen", () => {
  const eye = { position: [0, 0, 10], fovDeg: 90, viewHeight: 20, heightPx: 1000 } as const;

  it("falls with the distance to the nearest point", () => {
    // At 9 units, 90 degrees show 18 from top to bottom.
    expect(pixelsPerUnit(eye, [0, 0, 0], 1)).toBeCloseTo(1000 / 18);
    expect(pixelsPerUnit(eye, [0, 0, -90], 1)).toBeCloseTo(1000 / 198);
  });

  it("is without bound around the eye", () => {
    expect(pixelsPerUnit(eye, [0, 0, 9], 2)).toBe(Number.POSITIVE_INFINITY);
  });

  it("is the same everywhere in a parallel projection", () => {
    expect(pixelsPerUnit({ ...eye, fovDeg: 0 }, [500, 0, 0], 1)).toBe(50);
  });
});
