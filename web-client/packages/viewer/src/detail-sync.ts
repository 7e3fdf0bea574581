/**
 * Keeps the level of detail of every chunk on screen in step with the camera.
 *
 * Chunks are simplified here, a few milliseconds at a time, and only those that gain by it: whose triangles are smaller
 * than pixels, or all while there are more than the device should draw. Until then, and whenever exactness is asked
 * for, a chunk is drawn as it is.
 */

import type { ChunkView } from "./chunk-view.js";
import { type Candidate, chooseLevels, type Eye, pixelsPerUnit, type Simplify } from "./detail.js";

/** Shares of a chunk's triangles that its levels are to have, picked by hand. */
const SHARES = [1 / 4, 1 / 16];
/** A level that saves less than this share of the one before is not kept: locked borders may not allow more. */
const LEAST_SAVING = 0.3;
/** Smaller chunks are not worth it. */
const LEAST_TRIANGLES = 200;
/** A chunk whose triangles cover fewer square pixels than this each can do with a quarter of them. */
const DENSE_PX2 = 4;
/** Longest that simplifying may hold up the page at a time. */
const SLICE_MS = 8;

/** Triangles that any device draws at once without a stutter, and those that a good one does; picked by hand. */
const WEAK_BUDGET = 500_000;
const STRONG_BUDGET = 4_000_000;

/** What this device should draw: little memory or few processors stand for a weak graphics card. */
export function deviceBudget(): number {
  const { hardwareConcurrency = 4, deviceMemory = 8 } = navigator as Navigator & {
    deviceMemory?: number;
  };
  return hardwareConcurrency <= 4 || deviceMemory <= 4 ? WEAK_BUDGET : STRONG_BUDGET;
}

/** The levels of all chunks. */
export class DetailSync {
  /** Without one, everything is drawn as it is. */
  simplify: Simplify | undefined;
  /** Triangles that all chunks together should not exceed. */
  budget: number;
  readonly #onReady: () => void;
  #queue: ChunkView[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `onReady` is called when chunks have levels that they did not have. */
  constructor(budget: number, onReady: () => void) {
    this.budget = budget;
    this.#onReady = onReady;
  }

  /** Shows each view in the level that suits `eye`; in their exact form if there is none. */
  update(views: readonly ChunkView[], eye: Eye | undefined): void {
    if (this.simplify === undefined) return;
    if (eye === undefined) {
      for (const view of views) view.showLevel(0);
      return;
    }
    const candidates = views.map((view): Candidate => {
      const { center, radius } = view.sphere;
      const scale = pixelsPerUnit(eye, center.toArray(), radius);
      return { pixelsPerUnit: scale, sidePx: 2 * radius * scale, levels: view.levels };
    });
    const levels = chooseLevels(candidates, this.budget);
    let total = 0;
    for (const [index, view] of views.entries()) {
      const level = levels[index] ?? 0;
      view.showLevel(level);
      total += view.levels[level]?.triangles ?? 0;
    }
    this.#enqueue(views, candidates, total > this.budget);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#queue = [];
  }

  /** Queues the views that gain by fewer triangles, those of the most triangles per pixel first. */
  #enqueue(
    views: readonly ChunkView[],
    candidates: readonly Candidate[],
    overBudget: boolean,
  ): void {
    const dense: { view: ChunkView; density: number }[] = [];
    for (const [index, view] of views.entries()) {
      const triangles = view.levels[0]?.triangles ?? 0;
      if (view.isSimplified || triangles < LEAST_TRIANGLES) continue;
      const density = triangles / (candidates[index]?.sidePx ?? 0) ** 2;
      if (overBudget || density * DENSE_PX2 > 1) dense.push({ view, density });
    }
    dense.sort((a, b) => a.density - b.density);
    // The last one is taken first.
    this.#queue = dense.map(({ view }) => view);
    if (this.#queue.length > 0) this.#timer ??= setTimeout(() => this.#work(), 0);
  }

  #work(): void {
    this.#timer = undefined;
    const end = performance.now() + SLICE_MS;
    let found = false;
    while (performance.now() < end) {
      const view = this.#queue.pop();
      if (view === undefined) break;
      found = this.#addLevels(view) || found;
    }
    if (this.#queue.length > 0) this.#timer = setTimeout(() => this.#work(), 0);
    if (found) this.#onReady();
  }

  #addLevels(view: ChunkView): boolean {
    const exact = view.arrays.indices.length / 3;
    const levels = [];
    let before = { triangles: exact, error: 0 };
    for (const share of SHARES) {
      const made = this.simplify?.(view.arrays, Math.ceil(exact * share));
      if (made === undefined) break;
      const triangles = made.indices.length / 3;
      if (triangles > before.triangles * (1 - LEAST_SAVING)) break;
      // A coarser form is never taken for a better one.
      const level = { ...made, triangles, error: Math.max(made.error, before.error) };
      levels.push(level);
      before = level;
    }
    view.addLevels(levels);
    return levels.length > 0;
  }
}
