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
  const edgeCount = indices.length;
  const normals = faceNormals(positions, indices);
  // Open addressing on half-edges, with the table at most half full. A slot holds 1 + the number of an unpaired half-edge.
  const tableSize = 2 ** Math.ceil(Math.log2(Math.max(2 * edgeCount, 2)));
  const table = new Uint32Array(tableSize);
  const paired = new Uint8Array(edgeCount);
  const features: number[] = [];

  for (let edge = 0; edge < edgeCount; edge++) {
    const from = indices[edge] as number;
    const to = indices[nextInTriangle(edge)] as number;
    let slot = hashPair(Math.min(from, to), Math.max(from, to)) & (tableSize - 1);
    for (;;) {
      const entry = table[slot] as number;
      if (entry === 0) {
        table[slot] = edge + 1;
        break;
      }
      const other = entry - 1;
      // The neighbour walks the shared edge the other way round.
      if (paired[other] === 0 && indices[other] === to && indices[nextInTriangle(other)] === from) {
        paired[other] = 1;
        paired[edge] = 1;
        if (cosine(normals, edge - (edge % 3), normals, other - (other % 3)) < COS_FEATURE_ANGLE) {
          features.push(from, to);
        }
        break;
      }
      slot = (slot + 1) & (tableSize - 1);
    }
  }
  return {
    features: Uint32Array.from(features),
    borders: collectBorders(positions, indices, normals, paired),
  };
}

/**
 * Pairs the borders of all chunks of one part and returns the ends, six numbers per line, of those that are feature
 * edges. A border without a partner is the rim of an open or flat shape and is drawn too.
 */
export function seamEdges(chunks: Iterable<ChunkEdges>): Float32Array {
  const waiting = new Map<string, Float32Array[]>();
  const lines: number[] = [];
  for (const { borders } of chunks) {
    for (let at = 0; at < borders.length; at += BORDER_STRIDE) {
      const border = borders.subarray(at, at + BORDER_STRIDE);
      const partners = waiting.get(borderKey(border, 3, 0));
      const partner = partners?.pop();
      if (partner === undefined) {
        const key = borderKey(border, 0, 3);
        const alike = waiting.get(key);
        if (alike === undefined) waiting.set(key, [border]);
        else alike.push(border);
      } else if (cosine(border, 6, partner, 6) < COS_FEATURE_ANGLE) {
        lines.push(...border.subarray(0, 6));
      }
    }
  }
  for (const rims of waiting.values()) {
    for (const rim of rims) lines.push(...rim.subarray(0, 6));
  }
  return Float32Array.from(lines);
}

function nextInTriangle(edge: number): number {
  return edge % 3 === 2 ? edge - 2 : edge + 1;
}

function hashPair(low: number, high: number): number {
  return (Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) >>> 7;
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
    if (length > 0) normals.set([x / length, y / length, z / length], corner);
  }
  return normals;
}

/**
 * Cosine of the angle between the unit normals at `i` in `a` and at `j` in `b`; 1, so no edge, where either face has
 * no area. Works on the arrays in place: this runs once per edge.
 */
function cosine(a: Float32Array, i: number, b: Float32Array, j: number): number {
  const ax = a[i] as number;
  const ay = a[i + 1] as number;
  const az = a[i + 2] as number;
  const bx = b[j] as number;
  const by = b[j + 1] as number;
  const bz = b[j + 2] as number;
  if ((ax === 0 && ay === 0 && az === 0) || (bx === 0 && by === 0 && bz === 0)) return 1;
  return ax * bx + ay * by + az * bz;
}

function collectBorders(
  positions: Float32Array,
  indices: Uint16Array | Uint32Array,
  normals: Float32Array,
  paired: Uint8Array,
): Float32Array {
  const count = paired.reduce((sum, isPaired) => sum + 1 - isPaired, 0);
  const borders = new Float32Array(count * BORDER_STRIDE);
  let at = 0;
  for (let edge = 0; edge < paired.length; edge++) {
    if (paired[edge] === 1) continue;
    const from = (indices[edge] as number) * 3;
    const to = (indices[nextInTriangle(edge)] as number) * 3;
    const face = edge - (edge % 3);
    borders.set(positions.subarray(from, from + 3), at);
    borders.set(positions.subarray(to, to + 3), at + 3);
    borders.set(normals.subarray(face, face + 3), at + 6);
    at += BORDER_STRIDE;
  }
  return borders;
}

/**
 * The border's ends as text, in the order asked for. Chunks carry bit-identical border vertices, so equal text means
 * the same edge.
 */
function borderKey(border: Float32Array, first: number, second: number): string {
  return `${border[first]},${border[first + 1]},${border[first + 2]},${border[second]},${border[second + 1]},${border[second + 2]}`;
}
