/** Meshes by content hash: what need not be sent again. */

import type { ChunkHash } from "./messages.js";
import type { Mesh } from "./scene.js";

export class ChunkStore {
  /** In order of use, the longest unused first. */
  readonly #meshes = new Map<ChunkHash, Mesh>();
  readonly #maxSpareBytes: number;

  /** Keeps at most `maxSpareBytes` of meshes besides those in use. */
  constructor(maxSpareBytes: number) {
    this.#maxSpareBytes = maxSpareBytes;
  }

  get(hash: ChunkHash): Mesh | undefined {
    const mesh = this.#meshes.get(hash);
    if (mesh !== undefined) {
      this.#meshes.delete(hash);
      this.#meshes.set(hash, mesh);
    }
    return mesh;
  }

  /** Keeps a mesh, and returns the one that is kept for its hash: the first, so that there is only one. */
  add(mesh: Mesh): Mesh {
    const kept = this.get(mesh.hash);
    if (kept !== undefined) return kept;
    this.#meshes.set(mesh.hash, mesh);
    return mesh;
  }

  /** The most recently used hashes, at most `max`. */
  hashes(max: number): ChunkHash[] {
    return [...this.#meshes.keys()].slice(-max);
  }

  /** Drops the longest unused meshes that are not in use, until the rest fits. */
  trim(inUse: ReadonlySet<ChunkHash>): void {
    const spare = [...this.#meshes.values()].filter((mesh) => !inUse.has(mesh.hash));
    let bytes = spare.reduce((sum, mesh) => sum + meshBytes(mesh), 0);
    for (const mesh of spare) {
      if (bytes <= this.#maxSpareBytes) return;
      this.#meshes.delete(mesh.hash);
      bytes -= meshBytes(mesh);
    }
  }
}

function meshBytes({ positions, indices }: Mesh): number {
  return positions.byteLength + indices.byteLength;
}
