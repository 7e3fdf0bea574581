import { beforeEach, describe, expect, it } from "vitest";
import { Materials } from "../src/materials.js";
import type { Rgba, Scene } from "../src/scene.js";
import { SceneSync } from "../src/scene-sync.js";
import { countDisposals, cubeArrays, cubeBox, SOLID, sceneOf } from "./support.js";

let materials: Materials;
let sync: SceneSync;

beforeEach(() => {
  materials = new Materials();
  sync = new SceneSync(materials);
});

/** The arrays on screen, in the order in which they were shown. */
const shown = () => sync.meshes().map((mesh) => mesh.geometry.getAttribute("position").array);

function show(scene: Scene): void {
  sync.begin(scene);
  for (const { hash } of scene.chunks) sync.add(hash, cubeArrays());
}

describe("a first scene", () => {
  it("shows chunks as they come", () => {
    sync.begin(sceneOf("a", "b"));
    expect(sync.add("a", cubeArrays())).toBe("progressed");
    expect(shown()).toHaveLength(1);
    expect(sync.add("b", cubeArrays())).toBe("swapped");
    expect(shown()).toHaveLength(2);
    expect(sync.triangleCount).toBe(24);
  });

  it("uses the arrays as they come, without a copy", () => {
    const arrays = cubeArrays();
    sync.begin(sceneOf("a"));
    sync.add("a", arrays);
    const [mesh] = sync.meshes();
    expect(mesh?.geometry.getAttribute("position").array).toBe(arrays.positions);
    expect(mesh?.geometry.getIndex()?.array).toBe(arrays.indices);
  });

  it("takes the bounding sphere from the manifest", () => {
    show(sceneOf("a"));
    const sphere = sync.meshes()[0]?.geometry.boundingSphere;
    expect(sphere?.center.toArray()).toEqual([0.5, 0.5, 0.5]);
    expect(sphere?.radius).toBeCloseTo(Math.sqrt(3) / 2);
  });

  it("ignores chunks that it did not announce", () => {
    sync.begin(sceneOf("a"));
    expect(sync.add("stray", cubeArrays())).toBe("unchanged");
    expect(shown()).toHaveLength(0);
  });

  it("refuses a chunk without a part", () => {
    const scene = { parts: [], chunks: [{ hash: "a", part: 0, box: cubeBox() }] };
    expect(() => sync.begin(scene)).toThrow(RangeError);
  });
});

describe("a new revision", () => {
  it("leaves the old picture until its last chunk has come", () => {
    show(sceneOf("a", "b"));
    const before = shown();
    sync.begin(sceneOf("c", "d"));
    expect(sync.add("c", cubeArrays())).toBe("unchanged");
    expect(shown()).toEqual(before);
    expect(sync.add("d", cubeArrays())).toBe("swapped");
    expect(shown()).toHaveLength(2);
    expect(shown()).not.toContain(before[0]);
  });

  it("is shown over what is there while it grows, which goes when all of it has come", () => {
    show(sceneOf("a"));
    sync.begin({ ...sceneOf("b"), complete: false });
    expect(sync.add("b", cubeArrays())).toBe("progressed");
    expect(sync.meshes()).toHaveLength(2);
    expect(sync.begin(sceneOf("b", "c"))).toBe("unchanged");
    expect(sync.add("c", cubeArrays())).toBe("swapped");
    expect(sync.meshes()).toHaveLength(2);
  });

  it("keeps the objects of chunks that it shares", () => {
    show(sceneOf("a", "b"));
    const kept = sync.meshes()[0];
    sync.begin(sceneOf("a", "c"));
    sync.add("c", cubeArrays());
    expect(sync.meshes()[0]).toBe(kept);
    expect(sync.meshes()).toHaveLength(2);
  });

  it("is shown at once when nothing of it is missing", () => {
    show(sceneOf("a", "b"));
    expect(sync.begin(sceneOf("b"))).toBe("swapped");
    expect(sync.meshes()).toHaveLength(1);
  });

  it("shows an added object while it comes, for nothing has to go", () => {
    show(sceneOf("a"));
    sync.begin(sceneOf("a", "b", "c"));
    expect(sync.add("b", cubeArrays())).toBe("progressed");
    expect(sync.meshes()).toHaveLength(2);
  });

  it("takes the place of one that is still coming in, and reuses its chunks", () => {
    show(sceneOf("a"));
    const arrays = cubeArrays();
    sync.begin(sceneOf("b", "c"));
    sync.add("b", arrays);
    sync.begin(sceneOf("b", "d"));
    expect(sync.add("d", cubeArrays())).toBe("swapped");
    expect(shown()).toContain(arrays.positions);
  });

  it("recolours what is here without asking for it again", () => {
    show(sceneOf("a"));
    const red: Rgba = [1, 0, 0, 1];
    const recoloured = { ...sceneOf("a"), parts: [{ ...SOLID, color: red }] };
    expect(sync.begin(recoloured)).toBe("swapped");
    expect(sync.meshes()[0]?.material.color.getHexString()).toBe("ff0000");
  });
});

describe("looks", () => {
  it("draws OpenSCAD's colours where the model names none", () => {
    const parts = (["solid", "highlight", "background", "flat"] as const).map((kind) => ({
      kind,
      color: undefined,
    }));
    const chunks = parts.map((_, part) => ({ hash: `${part}`, part, box: cubeBox() }));
    show({ parts, chunks });
    const looks = sync
      .meshes()
      .map(({ material }) => [material.color.getHexString(), material.opacity]);
    expect(looks).toEqual([
      ["f9d72c", 1],
      ["ff5151", 0.5],
      ["b4b4b4", 0.35],
      ["f9d72c", 1],
    ]);
  });

  it("draws one chunk twice when a highlighted part has it too", () => {
    const scene: Scene = {
      parts: [SOLID, { kind: "highlight", color: undefined }],
      chunks: [0, 1].map((part) => ({ hash: "a", part, box: cubeBox() })),
    };
    sync.begin(scene);
    expect(sync.add("a", cubeArrays())).toBe("swapped");
    expect(sync.meshes().map(({ material }) => material.transparent)).toEqual([false, true]);
  });

  it("prefers a chunk's own colour to its part's", () => {
    const scene = sceneOf("a");
    const blue: Rgba = [0, 0, 1, 1];
    show({ ...scene, chunks: scene.chunks.map((chunk) => ({ ...chunk, color: blue })) });
    expect(sync.meshes()[0]?.material.color.getHexString()).toBe("0000ff");
  });
});

describe("resources", () => {
  it("frees every geometry and material that it made", () => {
    const disposed = countDisposals();
    show(sceneOf("a", "b", "c"));
    // Faces and edges of each chunk; the material of the faces and that of the edges.
    show(sceneOf("c", "d"));
    expect(disposed).toEqual({ geometries: 2 * 2, materials: 0 });
    sync.clear();
    expect(disposed).toEqual({ geometries: 4 * 2, materials: 2 });
    expect(materials.size).toBe(0);
    expect(sync.root.children).toHaveLength(0);
  });

  it("frees chunks of a revision that was dropped before it was shown", () => {
    show(sceneOf("a"));
    const disposed = countDisposals();
    sync.begin(sceneOf("b", "c"));
    sync.add("b", cubeArrays());
    sync.begin(sceneOf("a"));
    expect(disposed.geometries).toBe(2);
    expect(sync.meshes()).toHaveLength(1);
  });

  it("hides and shows edges without making them again", () => {
    show(sceneOf("a"));
    const lines = () =>
      sync.root.children[0]?.children.filter(({ type }) => type === "LineSegments");
    expect(lines()?.map(({ visible }) => visible)).toEqual([true]);
    sync.edgesVisible = false;
    expect(lines()?.map(({ visible }) => visible)).toEqual([false]);
    sync.edgesVisible = true;
    expect(lines()?.map(({ visible }) => visible)).toEqual([true]);
  });
});
