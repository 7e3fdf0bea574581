/**
 * Chunks of the last picture in IndexedDB: a page that is loaded again gets from the server only what has changed.
 *
 * Where the browser has no IndexedDB, or refuses it, nothing is kept.
 */

import type { ChunkArchive, Mesh } from "@scadstream/client";

const DATABASE = "scadstream";
const STORE = "chunks";
/** Bytes that are kept; of a larger picture, the first chunks. Reading them at the start must not take longer than fetching. */
const MAX_BYTES = 32 << 20;
/** A pause of this length after a render, so that writing is in nobody's way. */
const PAUSE_MS = 1000;

/** An archive in the browser's own database. */
export class IndexedChunks implements ChunkArchive {
  /** Hashes of what is in the database. */
  #kept = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  async load(): Promise<readonly Mesh[]> {
    const database = await open();
    const meshes = await result<Mesh[]>(database.transaction(STORE).objectStore(STORE).getAll());
    database.close();
    this.#kept = new Set(meshes.map(({ hash }) => hash));
    return meshes;
  }

  save(meshes: readonly Mesh[]): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // Private windows and full disks refuse; then the next visit starts from nothing.
      this.#write(within(meshes, MAX_BYTES)).catch(() => undefined);
    }, PAUSE_MS);
  }

  async #write(meshes: ReadonlyMap<string, Mesh>): Promise<void> {
    const database = await open();
    const store = database.transaction(STORE, "readwrite").objectStore(STORE);
    for (const hash of this.#kept) if (!meshes.has(hash)) store.delete(hash);
    for (const [hash, mesh] of meshes) if (!this.#kept.has(hash)) store.put(compact(mesh));
    await new Promise<void>((resolve, reject) => {
      store.transaction.oncomplete = () => resolve();
      store.transaction.onabort = () => reject(store.transaction.error);
    });
    this.#kept = new Set(meshes.keys());
    database.close();
  }
}

/** As many of the meshes as fit, each once. */
export function within(meshes: readonly Mesh[], maxBytes: number): Map<string, Mesh> {
  const chosen = new Map<string, Mesh>();
  let bytes = 0;
  for (const mesh of meshes) {
    bytes += mesh.positions.byteLength + mesh.indices.byteLength;
    if (bytes > maxBytes) break;
    chosen.set(mesh.hash, mesh);
  }
  return chosen;
}

/** The arrays in buffers of their own: the database keeps whole buffers, and these are views into frames. */
function compact({ hash, positions, indices }: Mesh): Mesh {
  return { hash, positions: positions.slice(), indices: indices.slice() };
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "hash" });
  return result(request);
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
