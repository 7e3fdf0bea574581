import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ClientEvent, type ConnectionError, connect, type EventOf } from "../src/index.js";
import { FakeSocket } from "./support/fake-socket.js";
import * as server from "./support/server-frames.js";
import { CHUNK_FRAME_BYTES, hashOf } from "./support/server-frames.js";

const FILES = [{ name: "main.scad", content: "cube(1);" }];

beforeEach(() => {
  FakeSocket.reset();
  vi.useFakeTimers();
  // Nothing left out at random: the longest delays.
  vi.spyOn(Math, "random").mockReturnValue(1);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function start(options: Parameters<typeof connect>[1] = {}) {
  const client = connect("ws://test/ws", { webSocket: FakeSocket, ...options });
  const events: ClientEvent[] = [];
  client.onAny((event) => events.push(event));
  await Promise.resolve();
  const of = <Type extends ClientEvent["type"]>(type: Type) =>
    events.filter((event): event is EventOf<Type> => event.type === type);
  return { client, of };
}

test("it waits longer each time, up to a limit, and starts anew after a Welcome", async () => {
  const { of } = await start({ reconnect: { firstDelayMs: 100, maxDelayMs: 500 } });
  for (const [tries, delay] of [100, 200, 400, 500, 500].entries()) {
    FakeSocket.last.lose(1006);
    vi.advanceTimersByTime(delay - 1);
    expect(FakeSocket.made).toHaveLength(tries + 1);
    vi.advanceTimersByTime(1);
    expect(FakeSocket.made).toHaveLength(tries + 2);
  }
  expect(of("reconnecting").map((event) => [event.attempt, event.delayMs])).toEqual([
    [1, 100],
    [2, 200],
    [3, 400],
    [4, 500],
    [5, 500],
  ]);
  // A socket that opens is not a session yet.
  FakeSocket.last.open();
  FakeSocket.last.lose(1006);
  expect(of("reconnecting").at(-1)?.attempt).toBe(6);
  vi.advanceTimersByTime(500);
  FakeSocket.last.open();
  FakeSocket.last.receive(server.welcome());
  FakeSocket.last.lose(1006);
  expect(of("reconnecting").at(-1)?.delayMs).toBe(100);
});

test("a random half of the delay is left out", async () => {
  vi.mocked(Math.random).mockReturnValue(0);
  const { of } = await start({ reconnect: { firstDelayMs: 100 } });
  FakeSocket.last.lose(1001);
  expect(of("reconnecting")[0]?.delayMs).toBe(50);
});

test("the newest render is sent again, with the chunks that are still there", async () => {
  const { client, of } = await start();
  FakeSocket.last.open();
  FakeSocket.last.receive(server.welcome());
  client.render({ files: FILES });
  const rendering = client.render({ files: FILES });
  FakeSocket.last.receive(server.manifest({ revision: 2, chunks: [{ id: 1 }, { id: 2 }] }));
  FakeSocket.last.receive(server.chunk({ revision: 2, id: 1, index: 0 }));
  FakeSocket.last.lose(1006);
  expect(client.state).toBe("reconnecting");
  vi.advanceTimersByTime(1000);
  const socket = FakeSocket.last;
  socket.open();
  expect(socket.sent).toEqual([
    expect.objectContaining({ kind: "hello", known: [hashOf(1)] }),
    { kind: "render", document: 0, revision: 2 },
  ]);
  socket.receive(server.welcome());
  socket.receive(server.manifest({ revision: 2, chunks: [{ id: 1, known: true }, { id: 2 }] }));
  socket.receive(server.chunk({ revision: 2, id: 2, index: 1 }));
  socket.receive(server.done(2));
  expect((await rendering.result()).scene.loaded).toBe(2);
  expect(socket.of("need")).toEqual([]);
  expect(of("open")).toHaveLength(2);
});

test("a finished render is asked for again, and is whole again", async () => {
  const { client, of } = await start();
  FakeSocket.last.open();
  const rendering = client.render({ files: FILES });
  const answer = () => {
    FakeSocket.last.receive(server.warning(1, "careful"));
    FakeSocket.last.receive(server.manifest({ revision: 1, chunks: [{ id: 1 }] }));
    FakeSocket.last.receive(server.chunk({ revision: 1, id: 1, index: 0 }));
    FakeSocket.last.receive(server.done(1));
  };
  answer();
  FakeSocket.last.lose(1006);
  vi.advanceTimersByTime(1000);
  FakeSocket.last.open();
  answer();
  expect(of("scene-complete")).toHaveLength(2);
  expect(of("done")).toHaveLength(2);
  expect(of("error")).toEqual([]);
  expect((await rendering.result()).diagnostics).toHaveLength(1);
});

test("chunks that no scene uses are dropped when there are too many, and not offered again", async () => {
  const { client } = await start({ storeBytes: 0 });
  FakeSocket.last.open();
  for (const id of [1, 2]) {
    client.render({ files: FILES });
    FakeSocket.last.receive(server.manifest({ revision: id, chunks: [{ id }] }));
    FakeSocket.last.receive(server.chunk({ revision: id, id, index: 0 }));
  }
  FakeSocket.last.lose(1006);
  vi.advanceTimersByTime(1000);
  FakeSocket.last.open();
  expect(FakeSocket.last.of("hello")[0]?.known).toEqual([hashOf(2)]);
});

test("a render asked for while there is no connection is sent when there is one", async () => {
  const { client } = await start();
  FakeSocket.last.open();
  FakeSocket.last.lose(1006);
  client.render({ files: FILES });
  vi.advanceTimersByTime(1000);
  FakeSocket.last.open();
  expect(FakeSocket.last.of("render")).toEqual([{ kind: "render", document: 0, revision: 1 }]);
});

test("files are uploaded to each session that needs them", async () => {
  const { client } = await start();
  FakeSocket.last.open();
  client.render({ files: [...FILES, { name: "part.stl", content: new Uint8Array(100_000) }] });
  const kinds = () => FakeSocket.last.sent.map((message) => message.kind);
  expect(kinds()).toEqual(["hello", "upload", "render"]);
  FakeSocket.last.lose(1006);
  vi.advanceTimersByTime(60_000);
  FakeSocket.last.open();
  expect(kinds()).toEqual(["hello", "upload", "render"]);
});

test("a cancelled render is not sent again", async () => {
  const { client } = await start();
  FakeSocket.last.open();
  client.render({ files: FILES }).cancel();
  FakeSocket.last.lose(1006);
  vi.advanceTimersByTime(1000);
  FakeSocket.last.open();
  expect(FakeSocket.last.of("render")).toEqual([]);
});

test("credit of a connection that is gone is not returned to the next", async () => {
  const { client } = await start({ creditBytes: 2 << 20, acknowledge: "manual" });
  FakeSocket.last.open();
  client.render({ files: FILES });
  FakeSocket.last.receive(server.manifest({ revision: 1, chunks: [{ id: 1 }] }));
  FakeSocket.last.receive(server.chunk({ revision: 1, id: 1, index: 0 }));
  FakeSocket.last.lose(1006);
  vi.advanceTimersByTime(1000);
  FakeSocket.last.open();
  client.acknowledge(CHUNK_FRAME_BYTES);
  client.acknowledge(1 << 20);
  expect(FakeSocket.last.of("credit")).toEqual([]);
});

test.each([1000, 1009, 4400, 4401, 4406])(
  "after close code %i it does not try again",
  async (code) => {
    const { client, of } = await start();
    const rendering = client.render({ files: FILES });
    FakeSocket.last.open();
    FakeSocket.last.lose(code, "no");
    expect(client.state).toBe("closed");
    const error = of("closed")[0]?.error as ConnectionError;
    expect([error.closeCode, error.willRetry, error.message]).toEqual([
      code,
      false,
      `the connection was closed (${code}: no)`,
    ]);
    await expect(rendering.result()).rejects.toBe(error);
    vi.advanceTimersByTime(100_000);
    expect(FakeSocket.made).toHaveLength(1);
  },
);

test("it gives up after as many tries as it may, and at once without any", async () => {
  const { client } = await start({ reconnect: { maxAttempts: 1 } });
  FakeSocket.last.lose(1006);
  vi.advanceTimersByTime(1000);
  expect(client.state).toBe("reconnecting");
  FakeSocket.last.lose(1006);
  expect(client.state).toBe("closed");

  const once = await start({ reconnect: false });
  FakeSocket.last.lose(1006);
  expect(once.client.state).toBe("closed");
});

test("a server that gives no sign of life is left, one that does is not", async () => {
  const { client, of } = await start();
  const socket = FakeSocket.last;
  socket.open();
  for (let nonce = 0; nonce < 3; nonce++) {
    vi.advanceTimersByTime(25_000);
    socket.receive(server.pong(0));
  }
  expect(socket.of("ping")).toHaveLength(3);
  expect(client.state).toBe("open");
  vi.advanceTimersByTime(50_000);
  expect(client.state).toBe("reconnecting");
  expect(socket.closedWith).toBe(4408);
  expect(of("reconnecting")[0]?.error.message).toBe(
    "the connection was closed (4408: no sign of life)",
  );
  vi.advanceTimersByTime(1000);
  expect(FakeSocket.made).toHaveLength(2);
});

test("closing while it waits ends it", async () => {
  const { client } = await start();
  FakeSocket.last.lose(1006);
  client.close();
  vi.advanceTimersByTime(100_000);
  expect(FakeSocket.made).toHaveLength(1);
});
