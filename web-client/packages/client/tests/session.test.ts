import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  AbortedError,
  type Client,
  type ClientEvent,
  ClosedError,
  ConnectionError,
  connect,
  DecodeError,
  EncodeError,
  type EventOf,
  ExportError,
  RenderError,
} from "../src/index.js";
import { sha256 } from "../src/sha256.js";
import { FakeSocket } from "./support/fake-socket.js";
import * as server from "./support/server-frames.js";
import { CHUNK_FRAME_BYTES, hashOf } from "./support/server-frames.js";

const FILES = [{ name: "main.scad", content: "cube(1);" }];

let client: Client;
let events: ClientEvent[];

beforeEach(() => FakeSocket.reset());
afterEach(() => client.close());

/** A client with an open session. */
async function open(options: Parameters<typeof connect>[1] = {}): Promise<FakeSocket> {
  client = connect("ws://test/ws", { webSocket: FakeSocket, ...options });
  events = [];
  client.onAny((event) => events.push(event));
  await Promise.resolve();
  FakeSocket.last.open();
  FakeSocket.last.receive(server.welcome());
  return FakeSocket.last;
}

const types = () => events.map((event) => event.type);
const eventsOf = <Type extends ClientEvent["type"]>(type: Type) =>
  events.filter((event): event is EventOf<Type> => event.type === type);

describe("opening", () => {
  test("the subprotocol is offered, and Hello comes first", async () => {
    client = connect("ws://test/ws", { webSocket: FakeSocket });
    client.render({ files: FILES });
    expect(client.state).toBe("connecting");
    await Promise.resolve();
    const socket = FakeSocket.last;
    expect([socket.url, socket.protocols]).toEqual(["ws://test/ws", ["scadstream.v1"]]);
    expect(socket.binaryType).toBe("arraybuffer");
    expect(socket.sent).toEqual([]);
    socket.open();
    expect(socket.sent.map((message) => message.kind)).toEqual(["hello", "render"]);
    expect(client.state).toBe("open");
  });

  test("the application hears of the server's limits", async () => {
    await open();
    expect(eventsOf("open")[0]?.welcome.limits.files).toBe(256);
    expect(client.welcome?.session).toBe("s-1");
  });

  test("options against the protocol's limits are refused at once", () => {
    const faulty = (options: object) => () =>
      connect("ws://test", { webSocket: FakeSocket, ...options });
    expect(faulty({ creditBytes: 1 })).toThrow(EncodeError);
    expect(faulty({ token: "x".repeat(5000) })).toThrow(EncodeError);
    expect(FakeSocket.made).toEqual([]);
  });

  test("a signal that is aborted closes the client", async () => {
    const controller = new AbortController();
    const socket = await open({ signal: controller.signal });
    controller.abort();
    expect([client.state, socket.closedWith]).toEqual(["closed", 1000]);
  });

  test("a signal aborted before keeps it from connecting", async () => {
    client = connect("ws://test", { webSocket: FakeSocket, signal: AbortSignal.abort() });
    await Promise.resolve();
    expect([client.state, FakeSocket.made]).toEqual(["closed", []]);
  });
});

describe("scenes", () => {
  test("a scene is put together from its manifest and chunks", async () => {
    const socket = await open();
    const rendering = client.render({ files: FILES });
    socket.receive(server.warning(1, "careful"));
    socket.receive(server.manifest({ revision: 1, chunks: [{ id: 1 }, { id: 2 }] }));
    socket.receive(server.chunk({ revision: 1, id: 1, index: 0 }));
    expect(client.scene()).toBeUndefined();
    socket.receive(server.chunk({ revision: 1, id: 2, index: 1 }));
    socket.receive(server.done(1));
    expect(types()).toEqual([
      "open",
      "diagnostics",
      "scene-start",
      "chunk",
      "chunk",
      "scene-complete",
      "done",
    ]);
    const { scene, diagnostics } = await rendering.result();
    expect(scene).toBe(client.scene());
    expect(scene.chunks.map(({ index, mesh }) => [index, mesh?.hash, mesh?.positions[8]])).toEqual([
      [0, hashOf(1), 1],
      [1, hashOf(2), 2],
    ]);
    expect([scene.complete, scene.loaded, scene.triangles]).toEqual([true, 2, 2]);
    expect(diagnostics.map((d) => d.message)).toEqual(["careful"]);
  });

  test("an empty scene is complete with its manifest", async () => {
    const socket = await open();
    const rendering = client.render({ files: FILES });
    socket.receive(server.manifest({ revision: 1, chunks: [] }));
    socket.receive(server.done(1));
    expect((await rendering.result()).scene.chunks).toEqual([]);
  });

  test("a manifest may come in pieces, with chunks between them", async () => {
    const socket = await open();
    client.render({ files: FILES });
    socket.receive(server.manifest({ revision: 1, chunks: [{ id: 1 }], last: false }));
    socket.receive(server.chunk({ revision: 1, id: 1, index: 0 }));
    expect(client.scene()).toBeUndefined();
    socket.receive(server.manifest({ revision: 1, chunks: [{ id: 2 }], first: 1 }));
    socket.receive(server.chunk({ revision: 1, id: 2, index: 1 }));
    expect(types().slice(1)).toEqual([
      "scene-start",
      "chunk",
      "scene-extended",
      "chunk",
      "scene-complete",
    ]);
    expect(client.scene()?.chunks).toHaveLength(2);
  });

  test("the old scene stays until the new one is complete", async () => {
    const socket = await open();
    await renderWhole(socket, 1, [1, 2]);
    const old = client.scene();
    client.render({ files: FILES });
    socket.receive(server.manifest({ revision: 2, chunks: [{ id: 1, known: true }, { id: 3 }] }));
    expect(client.scene()).toBe(old);
    socket.receive(server.chunk({ revision: 2, id: 3, index: 1 }));
    expect(client.scene()).not.toBe(old);
    // What is the same is the same object, so that a viewer uploads nothing.
    expect(client.scene()?.chunks[0]?.mesh).toBe(old?.chunks[0]?.mesh);
    expect(socket.of("need")).toEqual([]);
  });

  test("a better scene of the same revision replaces the coarse one", async () => {
    const socket = await open();
    const rendering = client.render({ files: FILES });
    socket.receive(server.manifest({ revision: 1, scene: 0, chunks: [{ id: 1 }] }));
    socket.receive(server.chunk({ revision: 1, scene: 0, id: 1, index: 0 }));
    const coarse = client.scene();
    socket.receive(server.manifest({ revision: 1, scene: 1, chunks: [{ id: 2 }] }));
    expect(client.scene()).toBe(coarse);
    socket.receive(server.chunk({ revision: 1, scene: 1, id: 2, index: 0 }));
    socket.receive(server.done(1));
    expect((await rendering.result()).scene.number).toBe(1);
  });

  test("two chunks with one hash are filled by one frame", async () => {
    const socket = await open();
    client.render({ files: FILES });
    const chunks = [{ id: 1 }, { id: 1, known: true }];
    socket.receive(server.manifest({ revision: 1, chunks }));
    expect(socket.of("need")).toEqual([]);
    socket.receive(server.chunk({ revision: 1, id: 1, index: 0 }));
    expect(client.scene()?.loaded).toBe(2);
    expect(eventsOf("chunk").map((event) => event.credit)).toEqual([CHUNK_FRAME_BYTES, 0]);
  });

  test("a chunk that the server takes for known and is not is asked for", async () => {
    const socket = await open();
    const rendering = client.render({ files: FILES });
    const chunks = [{ id: 1 }, { id: 2, known: true }, { id: 3, known: true }];
    socket.receive(server.manifest({ revision: 1, chunks }));
    expect(socket.of("need")).toEqual([{ kind: "need", revision: 1, chunks: [1, 2] }]);
    socket.receive(server.chunk({ revision: 1, id: 1, index: 0 }));
    socket.receive(server.done(1));
    expect(client.scene()).toBeUndefined();
    socket.receive(server.chunk({ revision: 1, id: 2, index: 1 }));
    socket.receive(server.chunk({ revision: 1, id: 3, index: 2 }));
    expect((await rendering.result()).scene.loaded).toBe(3);
  });

  test("when asked-for chunks are gone, a new revision is rendered for the same caller", async () => {
    const socket = await open();
    const rendering = client.render({ files: FILES });
    socket.receive(server.manifest({ revision: 1, chunks: [{ id: 1, known: true }] }));
    socket.receive(server.failed({ type: "need", revision: 1 }, "gone"));
    expect(socket.of("render").map((render) => render.revision)).toEqual([1, 2]);
    expect(rendering.revision).toBe(2);
    socket.receive(server.manifest({ revision: 2, chunks: [{ id: 1 }] }));
    socket.receive(server.chunk({ revision: 2, id: 1, index: 0 }));
    socket.receive(server.done(2));
    expect((await rendering.result()).scene.revision).toBe(2);
    expect(client.render({ files: FILES }).revision).toBe(3);
  });

  test("documents do not disturb each other", async () => {
    const socket = await open();
    const [a, b] = [
      client.render({ document: 5, files: FILES }),
      client.render({ document: 6, files: FILES }),
    ];
    for (const document of [6, 5]) {
      socket.receive(server.manifest({ document, revision: 1, chunks: [{ id: document }] }));
      socket.receive(server.chunk({ document, revision: 1, id: document, index: 0 }));
      socket.receive(server.done(1, document));
    }
    expect((await a.result()).scene.chunks[0]?.hash).toBe(hashOf(5));
    expect((await b.result()).scene.chunks[0]?.hash).toBe(hashOf(6));
  });

  test("a faulty manifest or chunk is reported, and the session goes on", async () => {
    const socket = await open();
    client.render({ files: FILES });
    socket.receive(server.manifest({ revision: 1, first: 1, chunks: [{ id: 1 }] }));
    socket.receive(server.manifest({ revision: 1, scene: 1, chunks: [{ id: 1 }] }));
    socket.receive(server.chunk({ revision: 1, scene: 1, id: 2, index: 0 }));
    socket.receive(server.chunk({ revision: 1, scene: 1, id: 1, index: 9 }));
    expect(eventsOf("error").map(({ error }) => error.message)).toEqual([
      "Manifest.first_chunk: a piece is missing before this one",
      "Chunk.index: chunk 0 is not as its manifest says",
      "Chunk.index: chunk 9 is not as its manifest says",
    ]);
    socket.receive(server.chunk({ revision: 1, scene: 1, id: 1, index: 0 }));
    expect(client.scene()?.complete).toBe(true);
  });

  test("text messages and bytes that are no message are reported, and the session goes on", async () => {
    const socket = await open();
    socket.receive("hello");
    socket.receive(Uint8Array.of(1, 2, 3));
    expect(eventsOf("error").map(({ error }) => (error as DecodeError).problem)).toEqual([
      "not-binary",
      "incomplete",
    ]);
    expect(eventsOf("error")[0]?.error).toBeInstanceOf(DecodeError);
    const trip = client.ping();
    socket.receive(server.pong(socket.of("ping")[0]?.nonce ?? 0));
    expect(await trip).toBeGreaterThanOrEqual(0);
  });

  test("what a listener throws is seen, and does not stop the client", async () => {
    const socket = await open();
    const thrown = new Error("the application's own fault");
    client.on("chunk", () => {
      throw thrown;
    });
    const later: (() => void)[] = [];
    vi.spyOn(globalThis, "queueMicrotask").mockImplementation((callback) => later.push(callback));
    await renderWhole(socket, 1, [1]);
    vi.restoreAllMocks();
    expect(later).toHaveLength(1);
    expect(later[0]).toThrow(thrown);
    expect(client.scene()?.complete).toBe(true);
  });
});

describe("ends of a render", () => {
  test("a failure is a RenderError with code and place", async () => {
    const socket = await open();
    const rendering = client.render({ files: FILES });
    socket.receive(server.failed({ type: "render", revision: 1 }, "syntax", "expected ;"));
    await expect(rendering.result()).rejects.toThrow(RenderError);
    await expect(rendering.result()).rejects.toMatchObject({ code: "syntax", place: undefined });
    expect(eventsOf("failed")[0]?.error.message).toBe("expected ;");
  });

  test("a newer render supersedes the older one, whose messages are no longer heard", async () => {
    const socket = await open();
    const older = client.render({ files: FILES });
    const newer = client.render({ files: FILES });
    await expect(older.result()).rejects.toMatchObject({ code: "superseded" });
    socket.receive(server.manifest({ revision: 1, chunks: [{ id: 1 }] }));
    socket.receive(server.chunk({ revision: 1, id: 1, index: 0 }));
    socket.receive(server.failed({ type: "render", revision: 1 }, "superseded"));
    expect(types()).toEqual(["open"]);
    // But its chunk is kept.
    socket.receive(server.manifest({ revision: 2, chunks: [{ id: 1, known: true }] }));
    socket.receive(server.done(2));
    expect((await newer.result()).scene.loaded).toBe(1);
  });

  test.each(["cancel", "signal"])("a render given up by %s tells the server", async (how) => {
    const socket = await open();
    const controller = new AbortController();
    const rendering = client.render({ files: FILES, signal: controller.signal });
    if (how === "cancel") rendering.cancel();
    else controller.abort();
    expect(socket.of("cancel")).toEqual([{ kind: "cancel", document: 0, revision: 1 }]);
    await expect(rendering.result()).rejects.toMatchObject({ code: "cancelled" });
    socket.receive(server.manifest({ revision: 1, chunks: [] }));
    socket.receive(server.failed({ type: "render", revision: 1 }, "cancelled"));
    expect(types()).toEqual(["open", "failed"]);
    rendering.cancel();
    expect(socket.of("cancel")).toHaveLength(1);
  });

  test("closing rejects what is under way, and nothing can be asked for after it", async () => {
    const socket = await open();
    const rendering = client.render({ files: FILES });
    const exported = client.export("stl-binary");
    client.close();
    expect(socket.closedWith).toBe(1000);
    await expect(rendering.result()).rejects.toThrow(ClosedError);
    await expect(exported).rejects.toThrow(ClosedError);
    await expect(client.ping()).rejects.toThrow(ClosedError);
    expect(() => client.render({ files: FILES })).toThrow(ClosedError);
    expect(eventsOf("closed")).toEqual([{ type: "closed", error: undefined }]);
  });

  test("a request against the limits leaves the older revision alone", async () => {
    const socket = await open();
    const rendering = client.render({ files: FILES });
    expect(() => client.render({ files: [] })).toThrow(EncodeError);
    socket.receive(server.manifest({ revision: 1, chunks: [] }));
    socket.receive(server.done(1));
    expect((await rendering.result()).scene.revision).toBe(1);
  });
});

describe("files", () => {
  const large = Uint8Array.from({ length: 2_500_000 }, (_, i) => i % 251);
  const files = [...FILES, { name: "part.stl", content: large }];

  const uploads = [0, 1_048_512, 2_097_024].map((offset) => ({
    kind: "upload",
    offset,
    total: 2_500_000,
  }));

  test("a large file goes ahead of the first render that names it, in pieces that fit frames", async () => {
    const socket = await open();
    client.render({ files });
    client.render({ files });
    expect(socket.sent.slice(1)).toEqual([
      ...uploads,
      { kind: "render", document: 0, revision: 1 },
      { kind: "render", document: 0, revision: 2 },
    ]);
  });

  test("a file that the server has forgotten is sent again when it asks", async () => {
    const socket = await open();
    client.render({ files });
    const before = socket.sent.length;
    socket.receive(server.wanted(1, [sha256(large)]));
    expect(socket.sent.slice(before)).toEqual([
      ...uploads,
      { kind: "render", document: 0, revision: 1 },
    ]);
  });

  test("a server that wants files for ever is given up", async () => {
    const socket = await open();
    const rendering = client.render({ files });
    for (let i = 0; i < 4; i++) socket.receive(server.wanted(1, [sha256(large)]));
    await expect(rendering.result()).rejects.toMatchObject({ code: "upload" });
    expect(socket.of("render")).toHaveLength(4);
  });

  test("an export comes in pieces", async () => {
    const socket = await open();
    client.render({ files: FILES });
    const exported = client.export("stl-binary");
    const request = socket.of("export")[0]?.request ?? 0;
    socket.receive(server.file(request, 0, false, Uint8Array.of(1, 2, 3)));
    socket.receive(server.file(request, 3, true, Uint8Array.of(4)));
    expect(await exported).toEqual({ name: "model.stl", bytes: Uint8Array.of(1, 2, 3, 4) });
  });

  test("an export may fail, be aborted, miss a piece, or lack a document", async () => {
    const socket = await open();
    await expect(client.export("off")).rejects.toThrow("has not been rendered");
    client.render({ files: FILES });
    const controller = new AbortController();
    const refused = client.export("glb");
    const aborted = client.export("off", { signal: controller.signal });
    const holed = client.export("off");
    const [first, , third] = socket.of("export").map((message) => message.request);
    socket.receive(
      server.failed({ type: "export", request: first ?? 0 }, "unsupported-format", "no GLB"),
    );
    await expect(refused).rejects.toThrow(ExportError);
    await expect(refused).rejects.toMatchObject({ code: "unsupported-format" });
    controller.abort();
    await expect(aborted).rejects.toThrow(AbortedError);
    socket.receive(server.file(third ?? 0, 7, false, Uint8Array.of(1)));
    await expect(holed).rejects.toThrow("a piece is missing");
  });
});

describe("credit", () => {
  test("it is returned when chunks are used, a quarter of the window at a time", async () => {
    const socket = await open({ creditBytes: 2 << 20 });
    expect(socket.of("hello")[0]?.credit).toBe(2 << 20);
    client.render({ files: FILES });
    const threshold = (2 << 20) / 4;
    const frames = Math.ceil(threshold / CHUNK_FRAME_BYTES);
    for (let i = 0; i < frames - 1; i++) {
      socket.receive(server.chunk({ revision: 9, id: 1, index: 0 }));
    }
    expect(socket.of("credit")).toEqual([]);
    socket.receive(server.chunk({ revision: 9, id: 1, index: 0 }));
    expect(socket.of("credit")).toEqual([{ kind: "credit", bytes: frames * CHUNK_FRAME_BYTES }]);
  });

  test("frames that are faulty, outdated or unwanted return theirs as well", async () => {
    const socket = await open({ creditBytes: 2 << 20 });
    const junk = server.serverFrame("file", () => {}, new Uint8Array(300_000));
    const unwanted = server.file(77, 0, true, new Uint8Array(300_000));
    socket.receive(junk);
    socket.receive(unwanted);
    expect(eventsOf("error")).toHaveLength(1);
    const bytes = junk.byteLength + unwanted.byteLength;
    expect(socket.of("credit")).toEqual([{ kind: "credit", bytes }]);
  });

  test("with manual acknowledgement it waits for the application", async () => {
    const socket = await open({ creditBytes: 2 << 20, acknowledge: "manual" });
    const exported = client.render({ files: FILES });
    expect(exported.revision).toBe(1);
    socket.receive(server.manifest({ revision: 1, chunks: [{ id: 1 }] }));
    socket.receive(server.chunk({ revision: 1, id: 1, index: 0 }));
    expect(eventsOf("chunk")[0]?.credit).toBe(CHUNK_FRAME_BYTES);
    // The rest of a quarter, so that one chunk's bytes decide.
    socket.receive(server.file(77, 0, true, new Uint8Array((2 << 20) / 4 - 152)));
    expect(socket.of("credit")).toEqual([]);
    client.acknowledge(CHUNK_FRAME_BYTES);
    expect(socket.of("credit")).toHaveLength(1);
  });
});

test("the server hears where the viewer stands while a revision is at work", async () => {
  const camera = { eye: [9, 0, 0], target: [0, 0, 0], fovDeg: 30, heightPx: 500 } as const;
  const socket = await open();
  client.look(camera);
  expect(socket.of("view")).toEqual([]);
  client.render({ files: FILES, document: 3 });
  client.look(camera);
  expect(socket.of("view")).toEqual([]);
  client.look(camera, 3);
  expect(socket.of("view")).toEqual([{ kind: "view", document: 3, eye: [9, 0, 0] }]);
});

test("a ping that is not answered fails with the connection", async () => {
  vi.useFakeTimers();
  try {
    const socket = await open();
    const trip = client.ping();
    socket.lose(1006);
    await expect(trip).rejects.toThrow(ConnectionError);
    await expect(client.ping()).rejects.toThrow("there is no connection");
  } finally {
    vi.useRealTimers();
  }
});

async function renderWhole(socket: FakeSocket, revision: number, ids: number[]): Promise<void> {
  const rendering = client.render({ files: FILES });
  socket.receive(server.manifest({ revision, chunks: ids.map((id) => ({ id })) }));
  ids.forEach((id, index) => {
    socket.receive(server.chunk({ revision, id, index }));
  });
  socket.receive(server.done(revision));
  await rendering.result();
}
