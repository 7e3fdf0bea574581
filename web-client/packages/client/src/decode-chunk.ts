/** Payloads of chunks to arrays. */

import { DecodeError } from "./errors.js";
import type { Chunk } from "./messages.js";
import type { Decoders } from "./options.js";
import type { Mesh } from "./scene.js";

/**
 * The arrays of a chunk. Those of a raw chunk are views into the frame, without a copy.
 *
 * Throws `DecodeError` when there is no decoder for its codec, or an index names no vertex.
 */
export function decodeChunk(chunk: Chunk, decoders: Decoders): Mesh {
  const { positions, indices } =
    chunk.codec === "raw" ? rawArrays(chunk) : decodedArrays(chunk, decoders);
  // One pass over the indices costs less than receiving them, and spares everybody after this the doubt.
  let greatest = -1;
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    if (index > greatest) greatest = index;
  }
  if (greatest >= chunk.vertexCount) {
    throw new DecodeError(
      "field",
      `Chunk.payload: index ${greatest} of ${chunk.vertexCount} vertices`,
    );
  }
  return { hash: chunk.hash, positions, indices };
}

type Arrays = Pick<Mesh, "positions" | "indices">;

function rawArrays({ payload, vertexCount, indexCount, indexWidth }: Chunk): Arrays {
  const aligned = payload.byteOffset % 4 === 0 && LITTLE_ENDIAN;
  if (!aligned) return copiedArrays({ payload, vertexCount, indexCount, indexWidth });
  const { buffer, byteOffset } = payload;
  const behind = byteOffset + 12 * vertexCount;
  return {
    positions: new Float32Array(buffer, byteOffset, 3 * vertexCount),
    indices:
      indexWidth === 2
        ? new Uint16Array(buffer, behind, indexCount)
        : new Uint32Array(buffer, behind, indexCount),
  };
}

/** For big-endian machines, and sockets that hand out frames at odd addresses. */
function copiedArrays({
  payload,
  vertexCount,
  indexCount,
  indexWidth,
}: Pick<Chunk, "payload" | "vertexCount" | "indexCount" | "indexWidth">): Arrays {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const behind = 12 * vertexCount;
  return {
    positions: Float32Array.from({ length: 3 * vertexCount }, (_, i) =>
      view.getFloat32(4 * i, true),
    ),
    indices:
      indexWidth === 2
        ? Uint16Array.from({ length: indexCount }, (_, i) => view.getUint16(behind + 2 * i, true))
        : Uint32Array.from({ length: indexCount }, (_, i) => view.getUint32(behind + 4 * i, true)),
  };
}

function decodedArrays(chunk: Chunk, decoders: Decoders): Arrays {
  const decoder = chunk.codec === "raw" ? undefined : decoders[chunk.codec];
  if (decoder === undefined) {
    throw new DecodeError("field", `Chunk.codec: there is no decoder for ${chunk.codec}`);
  }
  const arrays = decoder(chunk.payload, {
    vertices: chunk.vertexCount,
    indices: chunk.indexCount,
    indexWidth: chunk.indexWidth,
  });
  if (
    arrays.positions.length !== 3 * chunk.vertexCount ||
    arrays.indices.length !== chunk.indexCount
  ) {
    throw new DecodeError(
      "field",
      `Chunk.payload: the ${chunk.codec} decoder gave arrays of another length`,
    );
  }
  return arrays;
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
