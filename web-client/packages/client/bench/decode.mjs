/**
 * How many million triangles a second a worker decodes, by codec: one line each, `codec number`.
 *
 * usage: node bench/decode.mjs, after `npm run build`
 */

import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { MeshoptEncoder } from "meshoptimizer/encoder";
import { decodeChunk } from "../dist/decode-chunk.js";
import { meshoptDecoders } from "../dist/meshopt.js";

/** Squares along a side: 9801 vertices, 19 208 triangles, as a chunk has. */
const SIDE = 98;
const ROUNDS = 40;
const TRIES = 5;

if (isMainThread) {
  new Worker(fileURLToPath(import.meta.url)).on("message", (line) =>
    process.stdout.write(`${line}\n`),
  );
} else {
  const decoders = await meshoptDecoders();
  await MeshoptEncoder.ready;
  for (const [codec, payload] of Object.entries(payloads())) {
    const chunk = {
      codec,
      payload,
      hash: "",
      vertexCount: (SIDE + 1) ** 2,
      indexCount: 6 * SIDE ** 2,
      indexWidth: 2,
    };
    let best = 0;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const start = performance.now();
      for (let round = 0; round < ROUNDS; round++) decodeChunk(chunk, decoders);
      const seconds = (performance.now() - start) / 1000;
      best = Math.max(best, (ROUNDS * 2 * SIDE ** 2) / seconds / 1e6);
    }
    parentPort.postMessage(`${codec} ${best.toFixed(1)}`);
  }
}

/** A wavy sheet in each codec, as SPEC.md says. */
function payloads() {
  const positions = [];
  const indices = [];
  for (let y = 0; y <= SIDE; y++) {
    for (let x = 0; x <= SIDE; x++) positions.push(x, y, Math.sin(x / 3) * Math.cos(y / 5));
  }
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const a = y * (SIDE + 1) + x;
      indices.push(a, a + 1, a + SIDE + 2, a, a + SIDE + 2, a + SIDE + 1);
    }
  }
  const floats = Float32Array.from(positions);
  const words = Uint16Array.from(indices);
  const raw = new Uint8Array(floats.byteLength + words.byteLength);
  raw.set(new Uint8Array(floats.buffer));
  raw.set(new Uint8Array(words.buffer), floats.byteLength);
  const count = floats.length / 3;
  const encodedIndices = MeshoptEncoder.encodeIndexBuffer(
    new Uint8Array(words.buffer),
    words.length,
    2,
  );
  const lossless = MeshoptEncoder.encodeVertexBuffer(new Uint8Array(floats.buffer), count, 12);
  const grid = new Uint16Array(4 * count);
  for (let i = 0; i < count; i++) {
    for (let axis = 0; axis < 3; axis++) grid[4 * i + axis] = (positions[3 * i + axis] + 1) * 256;
  }
  const onGrid = MeshoptEncoder.encodeVertexBuffer(new Uint8Array(grid.buffer), count, 8);
  return {
    raw,
    meshopt: joined([lossless.byteLength, 0], lossless, encodedIndices),
    "meshopt-grid": joined([onGrid.byteLength, -8, -256, -256, -256, 0], onGrid, encodedIndices),
  };
}

function joined(head, vertices, indices) {
  const words = Int32Array.from(head);
  const payload = new Uint8Array(words.byteLength + vertices.byteLength + indices.byteLength);
  payload.set(new Uint8Array(words.buffer));
  payload.set(vertices, words.byteLength);
  payload.set(indices, words.byteLength + vertices.byteLength);
  return payload;
}
