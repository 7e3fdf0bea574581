/**
 * Feature edges of an indexed mesh: the lines a draughtsman would draw.
 *
 * An edge is a feature when its two faces meet at an angle above a threshold. Edges with a face on one side only lie on
 * the border of a chunk; their partner is in another chunk of the same part, so they come back as borders and
 * {@link seamEdges} pairs them by their exact coordinates.
 */

import type { ChunkArrays } from "./scene.js";

/**
 * Cosine of the angle between two faces above which the edge between them is drawn: 28 degrees. Picked by hand:
 * cylinders of 16 sides and more look round, chamfers keep their lines.
 */
const COS_FEATURE_ANGLE = Math.cos((28 * Math.PI) / 180);

/** Numbers per border edge: its two ends and the normal of its one face. */
const BORDER_STRIDE = 9;

/** The edges of one chunk. */
export interface ChunkEdges {
  /** Two vertex numbers per feature edge, into the chunk's own positions. */
  readonly features: Uint32Array;
  /** Nine numbers per border edge: first end, second end, unit normal of its face. */
  readonly borders: Float32Array;
}

/** Finds the feature edges and borders of one chunk. Time and memory are linear in its triangles. */
export function chunkEdges({ positions, indices }: ChunkArrays): ChunkEdges {
  const normals = faceNormals(positions, indices);
  const start = (edge: number) => indices[edge] as number;
  const end = (edge: number) => indices[nextInTriangle(edge)] as number;
  // The neighbour walks the shared edge the other way round.
  const partners = pairUp(
    indices.length,
    (edge) => hash(start(edge)) ^ hash(end(edge)),
    (edge, other) => start(edge) === end(other) && end(edge) === start(other),
  );
  const features: number[] = [];
  const borders: number[] = [];
  for (const [edge, partner] of partners.entries()) {
    const face = faceOf(edge);
    if (partner === UNPAIRED) {
      const from = start(edge) * 3;
      const to = end(edge) * 3;
      borders.push(...positions.subarray(from, from + 3), ...positions.subarray(to, to + 3));
      borders.push(...normals.subarray(face, face + 3));
    } else if (edge < partner && isFeature(normals, face, faceOf(partner))) {
      features.push(start(edge), end(edge));
    }
  }
  return { features: Uint32Array.from(features), borders: Float32Array.from(borders) };
}

/**
 * Pairs the borders of all chunks of one part and returns the ends, six numbers per line, of those that are feature
 * edges. A border without a partner is the rim of an open or flat shape and is drawn too.
 */
export function seamEdges(chunks: readonly ChunkEdges[]): Float32Array {
  const borders = concatenate(chunks.map((chunk) => chunk.borders));
  // Chunks have bit-identical border vertices, so the bits are compared: much faster than numbers as map keys.
  const bits = new Uint32Array(borders.buffer);
  const bit = (at: number) => bits[at] as number;
  const hashPoint = (at: number) => hash(bit(at) + 31 * bit(at + 1) + 961 * bit(at + 2));
  const isSamePoint = (a: number, b: number) =>
    bit(a) === bit(b) && bit(a + 1) === bit(b + 1) && bit(a + 2) === bit(b + 2);
  const partners = pairUp(
    borders.length / BORDER_STRIDE,
    (edge) => hashPoint(edge * BORDER_STRIDE) ^ hashPoint(edge * BORDER_STRIDE + 3),
    (edge, other) => {
      const a = edge * BORDER_STRIDE;
      const b = other * BORDER_STRIDE;
      return isSamePoint(a, b + 3) && isSamePoint(a + 3, b);
    },
  );
  const lines: number[] = [];
  for (const [edge, partner] of partners.entries()) {
    if (partner !== UNPAIRED && edge > partner) continue;
    const at = edge * BORDER_STRIDE;
    if (partner === UNPAIRED || isFeature(borders, at + 6, partner * BORDER_STRIDE + 6)) {
      lines.push(...borders.subarray(at, at + 6));
    }
  }
  return Float32Array.from(lines);
}

const UNPAIRED = -1;

/**
 * The partner of each of `count` half-edges, or {@link UNPAIRED}. Partners have equal hashes. Open addressing in one
 * table, at most half full: a `Map` with keys of text took about six times as long.
 */
function pairUp(
  count: number,
  hashOf: (edge: number) => number,
  arePartners: (edge: number, other: number) => boolean,
): Int32Array {
  const partners = new Int32Array(count).fill(UNPAIRED);
  const mask = 2 ** Math.ceil(Math.log2(Math.max(2 * count, 2))) - 1;
  // Holds the number of an edge plus one; zero is an empty slot.
  const table = new Uint32Array(mask + 1);
  for (let edge = 0; edge < count; edge++) {
    let slot = hashOf(edge) & mask;
    while (table[slot] !== 0) {
      const other = (table[slot] as number) - 1;
      if (partners[other] === UNPAIRED && arePartners(edge, other)) {
        partners[edge] = other;
        partners[other] = edge;
        break;
      }
      slot = (slot + 1) & mask;
    }
    if (table[slot] === 0) table[slot] = edge + 1;
  }
  return partners;
}

/** Scatters whole numbers (the finalizer of MurmurHash3). */
function hash(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The half-edge that follows in the same triangle. Half-edge `n` starts at corner `n`. */
function nextInTriangle(edge: number): number {
  return edge % 3 === 2 ? edge - 2 : edge + 1;
}

/** Where the normal of a half-edge's face begins. */
function faceOf(edge: number): number {
  return edge - (edge % 3);
}

/** The unit normals, three numbers per face; zero for faces without area. */
function faceNormals(positions: Float32Array, indices: Uint16Array | Uint32Array): Float32Array {
  const normals = new Float32Array(indices.length);
  const at = (corner: number, axis: number) =>
    positions[(indices[corner] as number) * 3 + axis] as number;
  for (let corner = 0; corner < indices.length; corner += 3) {
    const ax = at(corner + 1, 0) - at(corner, 0);
    const ay = at(corner + 1, 1) - at(corner, 1);
    const az = at(corner + 1, 2) - at(corner, 2);
    const bx = at(corner + 2, 0) - at(corner, 0);
    const by = at(corner + 2, 1) - at(corner, 1);
    const bz = at(corner + 2, 2) - at(corner, 2);
    const x = ay * bz - az * by;
    const y = az * bx - ax * bz;
    const z = ax * by - ay * bx;
    const length = Math.hypot(x, y, z);
    if (length === 0) continue;
    normals[corner] = x / length;
    normals[corner + 1] = y / length;
    normals[corner + 2] = z / length;
  }
  return normals;
}

/** Whether the faces with unit normals at `i` and `j` meet in a feature edge; no face without area does. */
function isFeature(normals: Float32Array, i: number, j: number): boolean {
  const ax = normals[i] as number;
  const ay = normals[i + 1] as number;
  const az = normals[i + 2] as number;
  const bx = normals[j] as number;
  const by = normals[j + 1] as number;
  const bz = normals[j + 2] as number;
  if ((ax === 0 && ay === 0 && az === 0) || (bx === 0 && by === 0 && bz === 0)) return false;
  return ax * bx + ay * by + az * bz < COS_FEATURE_ANGLE;
}

function concatenate(arrays: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole;
}
