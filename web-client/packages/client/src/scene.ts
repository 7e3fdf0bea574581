/** Scenes as an application sees them. */

import type { ChunkEntry, ChunkHash, Part } from "./messages.js";
import type { Level } from "./numbers.js";

/**
 * Triangles of a chunk. The arrays are views into the received frame: do not write to them.
 *
 * Two chunks with the same hash share one mesh object.
 */
export interface Mesh {
  readonly hash: ChunkHash;
  /** x, y, z of each vertex. */
  readonly positions: Float32Array<ArrayBuffer>;
  /** Three for a triangle, counter-clockwise seen from outside. */
  readonly indices: Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
}

/** A chunk of a scene: its manifest entry, and its mesh once it is there. */
export interface SceneChunk extends ChunkEntry {
  readonly index: number;
  readonly mesh: Mesh | undefined;
}

/** A chunk whose mesh is there. */
export interface LoadedChunk extends SceneChunk {
  readonly mesh: Mesh;
}

/** All that there is to draw of a document, or will be. One object for a scene: it grows as its pieces come. */
export interface Scene {
  readonly document: number;
  readonly revision: number;
  /** Number of the scene within the revision. */
  readonly number: number;
  readonly level: Level;
  readonly parts: readonly Part[];
  readonly chunks: readonly SceneChunk[];
  /** Whether all is announced. A model that is streamed while it is solved grows until the end. */
  readonly announced: boolean;
  /** Whether all is announced and all chunks are there. */
  readonly complete: boolean;
  /** Chunks that are there. */
  readonly loaded: number;
  readonly triangles: number;
  readonly vertices: number;
  readonly bytes: number;
}
