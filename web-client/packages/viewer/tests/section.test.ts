import { Vector3 } from "three";
import { describe, expect, it } from "vitest";
import type { Box } from "../src/scene.js";
import { type Section, sectionPlane } from "../src/section.js";

const BOX: Box = { min: [0, 0, 0], max: [10, 20, 40] };

const keeps = (section: Section, x: number, y: number, z: number) =>
  sectionPlane(section, BOX).distanceToPoint(new Vector3(x, y, z)) >= 0;

describe("sectionPlane", () => {
  it("keeps the lower share of the box along its axis", () => {
    expect(keeps({ axis: "z", keep: 0.5 }, 5, 5, 19)).toBe(true);
    expect(keeps({ axis: "z", keep: 0.5 }, 5, 5, 21)).toBe(false);
  });

  it("keeps the upper share when flipped", () => {
    expect(keeps({ axis: "y", keep: 0.25, flipped: true }, 5, 16, 5)).toBe(true);
    expect(keeps({ axis: "y", keep: 0.25, flipped: true }, 5, 14, 5)).toBe(false);
  });

  it("keeps all of the box at 1 and nothing at 0", () => {
    expect(keeps({ axis: "x", keep: 1 }, 10, 0, 0)).toBe(true);
    expect(keeps({ axis: "x", keep: 0 }, 0, 0, 0)).toBe(false);
  });
});
