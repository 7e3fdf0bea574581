import { afterEach, beforeEach, expect, test } from "vitest";
import { type ChunkArchive, connect, type Mesh } from "../src/index.js";
import { FakeSocket } from "./support/fake-socket.js";
import * as server from "./support/server-frames.js";

const MESH: Mesh = {
  hash: server.hashOf(3),
  positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 3),
  indices: Uint16Array.of(0, 1, 2),
};

beforeEach(() => FakeSocket.reset());
afterEach(() => FakeSocket.reset());

function start(archive: ChunkArchive) {
  const client = connect("ws://test/ws", { webSocket: FakeSocket, archive });
  const rendering = client.render({ files: [{ name: "main.scad", content: "cube();" }] });
  return { client, rendering };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("the first session waits for the archive, and offers what is in it", async () => {
  let loaded: (meshes: Mesh[]) => void = () => undefined;
  const load = new Promise<Mesh[]>((resolve) => {
    loaded = resolve;
  });
  const saved: (readonly Mesh[])[] = [];
  const { rendering } = start({ load: () => load, save: (meshes) => saved.push(meshes) });
  await turn();
  const socket = FakeSocket.last;
  socket.open();
  await turn();
  expect(socket.sent).toHaveLength(0);
  loaded([MESH]);
  await turn();
  const [hello] = socket.of("hello");
  expect(hello?.known).toEqual([MESH.hash]);
  expect(socket.of("render")).toHaveLength(1);
  socket.receive(server.welcome());
  socket.receive(server.manifest({ revision: 1, chunks: [{ id: 3, known: true }] }));
  socket.receive(server.done(1));
  const { scene } = await rendering.result();
  expect(scene.chunks[0]?.mesh).toBe(MESH);
  expect(socket.of("need")).toHaveLength(0);
  expect(saved).toEqual([[MESH]]);
});

test("an archive that cannot be read is an empty one", async () => {
  start({ load: () => Promise.reject(new Error("private window")), save: () => undefined });
  await turn();
  FakeSocket.last.open();
  await turn();
  expect(FakeSocket.last.of("hello")[0]?.known).toEqual([]);
});
