/**
 * Keeps the three.js scene in step with the streamed one, by chunk.
 *
 * A new revision is announced by {@link SceneSync.begin}; its chunks come one by one by {@link SceneSync.add}. What is
 * on screen stays until the last chunk of the new revision has come; then, in one step, chunks that the new revision
 * does not have are disposed and its new ones shown. Chunks in both are not touched. Only where nothing has to go (the
 * first picture, an object added) are chunks shown as they come: nothing can flicker. And those of a revision that grows
 * while the server solves it: that may take minutes, in which one sees it come, over the coarse form that was there.
 */

import { BufferAttribute, BufferGeometry, Group, LineSegments } from "three";
import { ChunkView } from "./chunk-view.js";
import { seamEdges } from "./edges.js";
import { type LookSource, lookKey, type Materials } from "./materials.js";
import type { Box, ChunkArrays, ChunkInfo, Scene } from "./scene.js";
import { unionOfBoxes } from "./scene.js";

/** A chunk of a scene and how it is drawn. */
interface Entry {
  readonly info: ChunkInfo;
  readonly source: LookSource;
}

/** A revision that is still coming in. Its entries and views go by view key. */
interface Pending {
  /** Whether all of it is announced. */
  readonly announced: boolean;
  readonly entries: ReadonlyMap<string, Entry>;
  /** View keys by hash. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** Views of chunks that have come; those that are on screen already among them. */
  readonly views: Map<string, ChunkView>;
}

/** What {@link SceneSync.begin} and {@link SceneSync.add} did to the picture. */
export type SyncResult = "unchanged" | "progressed" | "swapped";

const EMPTY_SCENE: Scene = { parts: [], chunks: [] };

/** The streamed scene as three.js objects. */
export class SceneSync {
  /** All chunks on screen; the caller adds it to the scene once. */
  readonly root = new Group();
  readonly #materials: Materials;
  readonly #onScreen = new Map<string, ChunkView>();
  #seams: LineSegments[] = [];
  #shown: ReadonlyMap<string, Entry> = new Map();
  #pending: Pending | undefined;
  #edgesVisible = true;
  #capsVisible = false;

  constructor(materials: Materials) {
    this.#materials = materials;
    this.root.name = "scadstream model";
  }

  /**
   * Starts a new revision; one that is still coming in is dropped. Chunks that are here already are reused. Returns
   * "swapped" when nothing is missing.
   */
  begin(scene: Scene): SyncResult {
    const entries = entriesOf(scene);
    const views = new Map<string, ChunkView>();
    for (const [key, view] of [...this.#onScreen, ...(this.#pending?.views ?? [])]) {
      if (entries.has(key)) views.set(key, view);
    }
    this.#disposeHidden(this.#pending, views);
    this.#pending = {
      announced: scene.complete !== false,
      entries,
      keys: keysByHash(entries),
      views,
    };
    this.#showArraysAlreadyHere(this.#pending);
    return this.#settle(this.#pending);
  }

  /** Hands over one chunk's arrays. A chunk that the coming revision does not have is ignored. */
  add(hash: string, arrays: ChunkArrays): SyncResult {
    const pending = this.#pending;
    if (pending === undefined) return "unchanged";
    let used = false;
    for (const key of pending.keys.get(hash) ?? []) {
      const entry = pending.entries.get(key);
      if (entry === undefined || pending.views.has(key)) continue;
      this.#createView(pending, key, entry, arrays);
      used = true;
    }
    return used ? this.#settle(pending) : "unchanged";
  }

  /** Shows nothing, at once. */
  clear(): void {
    this.begin(EMPTY_SCENE);
  }

  /** The box of what is on screen, or `undefined` when nothing is. */
  box(): Box | undefined {
    return unionOfBoxes([...this.#onScreen.values()].map((view) => view.box));
  }

  /** The faces on screen, for picking. */
  meshes(): ChunkView["mesh"][] {
    return [...this.#onScreen.values()].map((view) => view.mesh);
  }

  /** The vertices on screen, chunk by chunk. */
  positions(): Float32Array[] {
    return [...this.#onScreen.values()].map((view) => view.arrays.positions);
  }

  /** The chunks on screen. */
  views(): ChunkView[] {
    return [...this.#onScreen.values()];
  }

  /** Triangles of what is on screen, in its exact form. */
  get triangleCount(): number {
    let corners = 0;
    for (const view of this.#onScreen.values()) corners += view.arrays.indices.length;
    return corners / 3;
  }

  get edgesVisible(): boolean {
    return this.#edgesVisible;
  }

  set edgesVisible(visible: boolean) {
    if (visible === this.#edgesVisible) return;
    this.#edgesVisible = visible;
    for (const view of this.#allViews()) view.showEdges(visible);
    this.#renewSeams();
  }

  /** Whether solids have caps where they are cut. */
  set capsVisible(visible: boolean) {
    if (visible === this.#capsVisible) return;
    this.#capsVisible = visible;
    for (const view of this.#allViews()) this.#showCaps(view);
  }

  /** Disposes everything, on screen or still to come. */
  dispose(): void {
    this.clear();
    this.root.removeFromParent();
  }

  /** The same geometry may be wanted in a new look: recoloured, or with a modifier. */
  #showArraysAlreadyHere(pending: Pending): void {
    const arrays = new Map([...this.#onScreen.values()].map((view) => [view.hash, view.arrays]));
    for (const [key, entry] of pending.entries) {
      const known = arrays.get(entry.info.hash);
      if (known !== undefined && !pending.views.has(key)) {
        this.#createView(pending, key, entry, known);
      }
    }
  }

  /** Made when the chunk comes, not at the swap, so that the work is spread over the revision's arrival. */
  #createView(pending: Pending, key: string, { info, source }: Entry, arrays: ChunkArrays): void {
    const view = new ChunkView(info, arrays, this.#materials.lookOf(source));
    if (this.#edgesVisible) view.showEdges(true);
    if (this.#capsVisible) this.#showCaps(view);
    pending.views.set(key, view);
  }

  #showCaps(view: ChunkView): void {
    view.showCaps(this.#capsVisible && view.isSolid, this.#materials.caps);
  }

  /** Shows what can be shown of the coming revision without taking away too early what is there. */
  #settle(pending: Pending): SyncResult {
    const complete = pending.announced && pending.views.size === pending.entries.size;
    if (!complete) {
      const replaces = [...this.#onScreen.keys()].some((key) => !pending.entries.has(key));
      if (replaces && pending.announced) return "unchanged";
      return this.#attach(pending) ? "progressed" : "unchanged";
    }
    for (const [key, view] of this.#onScreen) {
      if (pending.entries.has(key)) continue;
      view.dispose();
      this.#onScreen.delete(key);
    }
    this.#attach(pending);
    this.#pending = undefined;
    this.#shown = pending.entries;
    this.#materials.keepOnly(sourcesOf(pending.entries));
    this.#renewSeams();
    return "swapped";
  }

  /** Puts all views that have come on screen; true if there was one to add. */
  #attach({ views }: Pending): boolean {
    const before = this.#onScreen.size;
    for (const [key, view] of views) {
      if (this.#onScreen.has(key)) continue;
      this.#onScreen.set(key, view);
      this.root.add(view.object);
    }
    return this.#onScreen.size > before;
  }

  /** Disposes the dropped revision's views that were never shown and that the next one does not reuse. */
  #disposeHidden(dropped: Pending | undefined, reused: ReadonlyMap<string, ChunkView>): void {
    for (const [key, view] of dropped?.views ?? []) {
      if (!reused.has(key) && !this.#onScreen.has(key)) view.dispose();
    }
  }

  #allViews(): Set<ChunkView> {
    return new Set([...this.#onScreen.values(), ...(this.#pending?.views.values() ?? [])]);
  }

  /** Draws the feature edges between chunks anew: one object per part, small beside the chunks. */
  #renewSeams(): void {
    for (const lines of this.#seams) {
      lines.geometry.dispose();
      lines.removeFromParent();
    }
    this.#seams = [];
    if (!this.#edgesVisible) return;
    for (const { source, views } of this.#viewsByPart()) {
      const ends = seamEdges(views.map((view) => view.edges()));
      if (ends.length === 0) continue;
      const geometry = new BufferGeometry();
      geometry.setAttribute("position", new BufferAttribute(ends, 3));
      const lines = new LineSegments(geometry, this.#materials.lookOf(source).edges);
      lines.renderOrder = 1;
      this.#seams.push(lines);
      this.root.add(lines);
    }
  }

  /** The chunks of each part: a border of one is closed by another of the same part, whatever its colour. */
  #viewsByPart(): Iterable<{ source: LookSource; views: ChunkView[] }> {
    const byPart = new Map<number, { source: LookSource; views: ChunkView[] }>();
    for (const [key, { info, source }] of this.#shown) {
      const view = this.#onScreen.get(key);
      if (view === undefined) continue;
      const part = byPart.get(info.part);
      if (part === undefined) byPart.set(info.part, { source, views: [view] });
      else part.views.push(view);
    }
    return byPart.values();
  }
}

/** The chunks of a scene by view key: the same chunk may be drawn in two looks, as `#` does. */
function entriesOf(scene: Scene): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const info of scene.chunks) {
    const part = scene.parts[info.part];
    if (part === undefined) throw new RangeError(`chunk ${info.hash} has no part ${info.part}`);
    const source = { kind: part.kind, color: info.color ?? part.color };
    entries.set(`${info.hash} ${lookKey(source)}`, { info, source });
  }
  return entries;
}

function keysByHash(entries: ReadonlyMap<string, Entry>): Map<string, string[]> {
  const keys = new Map<string, string[]>();
  for (const [key, { info }] of entries) {
    const alike = keys.get(info.hash);
    if (alike === undefined) keys.set(info.hash, [key]);
    else alike.push(key);
  }
  return keys;
}

function* sourcesOf(entries: ReadonlyMap<string, Entry>): Iterable<LookSource> {
  for (const { source } of entries.values()) yield source;
}
