/** Decoders of the codecs `meshopt` and `meshopt-grid` (SPEC.md, section 5), with npm's `meshoptimizer`. */

import { MeshoptDecoder } from "meshoptimizer/decoder";
import type { ChunkDecoder, Decoders } from "./options.js";

/** Bytes of a vertex in the stream of each codec. */
const RAW_VERTEX_BYTES = 12;
const GRID_VERTEX_BYTES = 8;
/** Bytes before the vertex stream. */
const HEAD_BYTES = 8;
const GRID_HEAD_BYTES = 24;

/** The decoders, once their WebAssembly is compiled: give them to `connect` or `serveWorker`. */
export async function meshoptDecoders(): Promise<Decoders> {
  await MeshoptDecoder.ready;
  return { "meshopt-grid": decodeGrid, meshopt: decodeLossless };
}

const decodeLossless: ChunkDecoder = (payload, counts) => {
  const { vertices, indices } = divide(payload, HEAD_BYTES, counts);
  const positions = new Float32Array(3 * counts.vertices);
  const bytes = new Uint8Array(positions.buffer);
  MeshoptDecoder.decodeVertexBuffer(bytes, counts.vertices, RAW_VERTEX_BYTES, vertices);
  return { positions, indices };
};

const decodeGrid: ChunkDecoder = (payload, counts) => {
  const { head, vertices, indices } = divide(payload, GRID_HEAD_BYTES, counts);
  const step = 2 ** head.getInt32(4, true);
  const x = head.getInt32(8, true);
  const y = head.getInt32(12, true);
  const z = head.getInt32(16, true);
  const grid = new Uint16Array(4 * counts.vertices);
  const bytes = new Uint8Array(grid.buffer);
  MeshoptDecoder.decodeVertexBuffer(bytes, counts.vertices, GRID_VERTEX_BYTES, vertices);
  const positions = new Float32Array(3 * counts.vertices);
  for (let from = 0, to = 0; to < positions.length; from += 4, to += 3) {
    positions[to] = (x + (grid[from] as number)) * step;
    positions[to + 1] = (y + (grid[from + 1] as number)) * step;
    positions[to + 2] = (z + (grid[from + 2] as number)) * step;
  }
  return { positions, indices };
};

/** The head of a payload, its vertex stream, and its decoded indices. */
function divide(
  payload: Uint8Array,
  headBytes: number,
  counts: Parameters<ChunkDecoder>[1],
): {
  head: DataView;
  vertices: Uint8Array;
  indices: Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
} {
  if (payload.byteLength < headBytes) throw new RangeError("the payload has no head");
  const head = new DataView(payload.buffer, payload.byteOffset, headBytes);
  const end = headBytes + head.getUint32(0, true);
  if (end > payload.byteLength) throw new RangeError("the vertex stream is cut");
  const { indices: count, indexWidth } = counts;
  const indices = indexWidth === 2 ? new Uint16Array(count) : new Uint32Array(count);
  const bytes = new Uint8Array(indices.buffer);
  if (count > 0) {
    MeshoptDecoder.decodeIndexBuffer(bytes, count, indexWidth, payload.subarray(end));
  }
  return { head, vertices: payload.subarray(headBytes, end), indices };
}
