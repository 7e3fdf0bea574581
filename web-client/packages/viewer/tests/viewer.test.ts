import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Viewer } from "../src/viewer.js";
import { CountingRenderer, countDisposals, cubeArrays, sceneOf } from "./support.js";

let renderer: CountingRenderer;
let viewer: Viewer;
let host: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["requestAnimationFrame", "cancelAnimationFrame", "performance"] });
  host = document.createElement("div");
  Object.defineProperties(host, { clientWidth: { value: 800 }, clientHeight: { value: 600 } });
  document.body.append(host);
  renderer = new CountingRenderer();
  viewer = new Viewer(host, { renderer });
});

afterEach(() => {
  viewer.dispose();
  host.remove();
  vi.useRealTimers();
});

/** Runs frames for a second: longer than any flight or damping. */
const settle = () => vi.advanceTimersByTime(1000);

describe("drawing", () => {
  it("happens only when something changed", () => {
    settle();
    const idle = renderer.frames;
    settle();
    expect(renderer.frames).toBe(idle);
    viewer.requestFrame();
    viewer.requestFrame();
    settle();
    expect(renderer.frames).toBe(idle + 1);
  });

  it("follows the size of the element, with at most two pixels per CSS pixel", () => {
    expect(renderer.size).toEqual([800, 600]);
    expect(renderer.pixelRatio).toBe(Math.min(window.devicePixelRatio, 2));
  });

  it("rests while the GPU is away and goes on when it is back", () => {
    const states: boolean[] = [];
    viewer.on("context", (available) => states.push(available));
    settle();
    const lost = new Event("webglcontextlost", { cancelable: true });
    renderer.domElement.dispatchEvent(lost);
    expect(lost.defaultPrevented).toBe(true);
    const before = renderer.frames;
    viewer.requestFrame();
    settle();
    expect(renderer.frames).toBe(before);
    renderer.domElement.dispatchEvent(new Event("webglcontextrestored"));
    settle();
    expect(renderer.frames).toBeGreaterThan(before);
    expect(states).toEqual([false, true]);
  });
});

describe("scenes", () => {
  it("are told complete once all chunks are there", () => {
    const complete = vi.fn();
    viewer.on("complete", complete);
    viewer.beginScene(sceneOf("a", "b"));
    viewer.addChunk("a", cubeArrays());
    expect(complete).not.toHaveBeenCalled();
    viewer.addChunk("b", cubeArrays(2));
    expect(complete).toHaveBeenCalledOnce();
    expect(viewer.triangleCount).toBe(24);
    expect(viewer.box).toEqual({ min: [0, 0, 0], max: [3, 3, 3] });
  });

  it("leave no listener behind that was taken away", () => {
    const complete = vi.fn();
    viewer.on("complete", complete)();
    viewer.beginScene(sceneOf());
    expect(complete).not.toHaveBeenCalled();
  });
});

describe("the viewpoint", () => {
  it("is in model units, with no field of view in a parallel projection", () => {
    viewer.beginScene(sceneOf("a"));
    viewer.addChunk("a", cubeArrays());
    settle();
    const { eye, target, fovDeg, heightPx } = viewer.viewpoint;
    expect(target).toEqual([0.5, 0.5, 0.5]);
    expect(eye[1]).toBeLessThan(0);
    expect(fovDeg).toBeGreaterThan(0);
    expect(heightPx).toBe(600 * renderer.pixelRatio);
    viewer.projection = "orthographic";
    expect(viewer.viewpoint.fovDeg).toBe(0);
  });
});

describe("a section", () => {
  it("cuts faces and edges and is capped, and closes again", () => {
    viewer.beginScene(sceneOf("a"));
    viewer.addChunk("a", cubeArrays());
    const planes = () => {
      const counts: number[] = [];
      renderer.lastScene?.getObjectByName("scadstream model")?.traverseVisible((object) => {
        if ("material" in object) {
          counts.push((object.material as { clippingPlanes: unknown[] }).clippingPlanes.length);
        }
      });
      return counts;
    };
    viewer.section = { axis: "z", keep: 0.5 };
    settle();
    // Faces, edges, and the caps that cover edges on the far inside.
    expect(planes()).toEqual([1, 1, 1]);
    viewer.section = undefined;
    settle();
    expect(planes()).toEqual([0, 0]);
  });
});

describe("dispose", () => {
  it("frees the renderer and everything that was made, and empties the element", () => {
    const disposed = countDisposals();
    viewer.beginScene(sceneOf("a"));
    viewer.addChunk("a", cubeArrays());
    viewer.dispose();
    // The chunk's faces and edges, grid, axes, and the measure's line and points; the caps share the faces' geometry.
    expect(disposed).toEqual({ geometries: 6, materials: 7 });
    expect(renderer.disposed).toBe(true);
    expect(host.children).toHaveLength(0);
  });
});
