/** Puts a scene together from the pieces of its manifest and its chunks. */

import type { ChunkStore } from "./chunk-store.js";
import { DecodeError } from "./errors.js";
import type { ReceivedChunk } from "./link.js";
import type { ChunkHash, Manifest, Part } from "./messages.js";
import type { Level } from "./numbers.js";
import type { LoadedChunk, Mesh, Scene, SceneChunk } from "./scene.js";

type MutableChunk = SceneChunk & { mesh: Mesh | undefined };

export class SceneBuilder implements Scene {
  readonly document: number;
  readonly revision: number;
  readonly number: number;
  readonly level: Level;
  readonly parts: Part[] = [];
  readonly chunks: MutableChunk[] = [];
  loaded = 0;
  triangles = 0;
  vertices = 0;
  bytes = 0;
  #announced = false;
  /** Chunks without a mesh, by their hash. */
  readonly #missing = new Map<ChunkHash, MutableChunk[]>();

  constructor(manifest: Manifest) {
    this.document = manifest.document;
    this.revision = manifest.revision;
    this.number = manifest.scene;
    this.level = manifest.level;
  }

  get announced(): boolean {
    return this.#announced;
  }

  get complete(): boolean {
    return this.#announced && this.loaded === this.chunks.length;
  }

  /**
   * Takes the next piece of the manifest.
   *
   * Returns the chunks of it that are there already, and the indices of those to ask for, because the server takes
   * them for known and `store` does not have them. Throws `DecodeError` when a piece is missing before it.
   */
  extend(manifest: Manifest, store: ChunkStore): { found: LoadedChunk[]; needed: number[] } {
    const follows =
      !this.#announced &&
      manifest.firstChunk === this.chunks.length &&
      manifest.firstPart === this.parts.length;
    if (!follows) {
      throw new DecodeError("field", "Manifest.first_chunk: a piece is missing before this one");
    }
    this.parts.push(...manifest.parts);
    const found: LoadedChunk[] = [];
    const needed: number[] = [];
    for (const entry of manifest.chunks) {
      if (entry.part >= this.parts.length) {
        throw new DecodeError("field", `Manifest.chunks.part: there is no part ${entry.part}`);
      }
      const mesh = store.get(entry.hash);
      const chunk: MutableChunk = { ...entry, index: this.chunks.length, mesh };
      this.chunks.push(chunk);
      if (mesh !== undefined) {
        this.loaded += 1;
        found.push(withMesh(chunk, mesh));
        continue;
      }
      const waiting = this.#missing.get(entry.hash);
      if (waiting !== undefined) {
        waiting.push(chunk);
      } else {
        this.#missing.set(entry.hash, [chunk]);
        if (entry.delivery === "known") needed.push(chunk.index);
      }
    }
    this.triangles = manifest.triangles;
    this.vertices = manifest.vertices;
    this.bytes = manifest.bytes;
    this.#announced = manifest.last;
    return { found, needed };
  }

  /** Whether a chunk that says to be of this scene fits its manifest. Throws `DecodeError`. */
  check(chunk: ReceivedChunk): void {
    const entry = this.chunks[chunk.index];
    const fits =
      entry !== undefined &&
      entry.hash === chunk.hash &&
      entry.vertices === chunk.vertexCount &&
      entry.triangles * 3 === chunk.indexCount;
    if (!fits) {
      throw new DecodeError(
        "field",
        `Chunk.index: chunk ${chunk.index} is not as its manifest says`,
      );
    }
  }

  /** Gives `mesh` to all chunks that wait for it, and returns them. */
  fill(mesh: Mesh): LoadedChunk[] {
    const waiting = this.#missing.get(mesh.hash) ?? [];
    this.#missing.delete(mesh.hash);
    this.loaded += waiting.length;
    return waiting.map((chunk) => withMesh(chunk, mesh));
  }
}

/** Gives a chunk its mesh: the same object, which is from now on a loaded one. */
function withMesh(chunk: MutableChunk, mesh: Mesh): LoadedChunk {
  return Object.assign(chunk, { mesh });
}
