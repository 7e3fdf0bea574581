import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ClientEvent, connectInWorker, DecodeError, serveWorker } from "../src/index.js";
import { FakeSocket } from "./support/fake-socket.js";
import * as server from "./support/server-frames.js";

/** Both ends of a worker without a thread: real structured cloning and real transfer. */
function fakeWorker() {
  const { port1, port2 } = new MessageChannel();
  const state = { closed: false };
  const scope = Object.assign(adapt(port2), {
    close: () => {
      state.closed = true;
      port2.close();
    },
  });
  const worker = Object.assign(adapt(port1), { onerror: null, terminate: () => port1.close() });
  return { worker, scope, state };
}

/** A port whose `onmessage` may be set to `null`, and that does not keep the process alive. */
function adapt(port: MessagePort) {
  let listener: ((event: never) => void) | null = null;
  port.on("message", (data) => listener?.({ data } as never));
  port.unref();
  return {
    get onmessage() {
      return listener;
    },
    set onmessage(value) {
      listener = value;
    },
    postMessage: (message: unknown, transfer: ArrayBuffer[]) => port.postMessage(message, transfer),
  };
}

beforeEach(() => FakeSocket.reset());
afterEach(() => FakeSocket.reset());

async function start() {
  const { worker, scope, state } = fakeWorker();
  serveWorker(scope, { webSocket: FakeSocket });
  const client = connectInWorker(worker, "ws://test/ws");
  const events: ClientEvent[] = [];
  client.onAny((event) => events.push(event));
  await until(() => FakeSocket.made.length === 1);
  const socket = FakeSocket.last;
  socket.open();
  await until(() => socket.sent.length > 0);
  return { client, socket, events, state };
}

/** Waits for messages between the threads, not for time. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    if (holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("it did not happen");
}

test("the same client works through a worker, and meshes are moved, not copied", async () => {
  const { client, socket, events } = await start();
  socket.receive(server.welcome());
  const rendering = client.render({ files: [{ name: "main.scad", content: "cube();" }] });
  await until(() => socket.of("render").length === 1);
  const frame = server.chunk({ revision: 1, id: 3, index: 0 });
  socket.receive(server.manifest({ revision: 1, chunks: [{ id: 3 }] }));
  socket.receive(frame);
  socket.receive(server.done(1));
  const { scene } = await rendering.result();
  const mesh = scene.chunks[0]?.mesh;
  expect([...(mesh?.positions ?? [])]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 3]);
  expect([...(mesh?.indices ?? [])]).toEqual([0, 1, 2]);
  // The worker's side has let go of the buffer; here both arrays are views into it.
  expect(frame.byteLength).toBe(0);
  expect(mesh?.positions.buffer).toBe(mesh?.indices.buffer);
  expect(events.map((event) => event.type)).toContain("scene-complete");
});

test("what was meant for a lost connection does not get into the next one before Hello", async () => {
  const { client, socket } = await start();
  // The worker has lost one connection and opened another before this side hears of either.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  socket.lose(1006);
  vi.advanceTimersByTime(1000);
  vi.useRealTimers();
  FakeSocket.last.open();
  client.render({ files: [{ name: "main.scad", content: "cube();" }] });
  await until(() => FakeSocket.last.of("render").length > 0);
  expect(FakeSocket.last.sent.map((message) => message.kind)).toEqual(["hello", "render"]);
});

test("errors keep their class across the border", async () => {
  const { socket, events } = await start();
  socket.receive("text");
  socket.lose(4401, "bad token");
  await until(() => events.some((event) => event.type === "closed"));
  const [error, closed] = events.slice(-2) as { error: unknown }[];
  expect(error?.error).toBeInstanceOf(DecodeError);
  expect(error?.error).toMatchObject({ problem: "not-binary" });
  expect(closed?.error).toMatchObject({
    name: "ConnectionError",
    closeCode: 4401,
    willRetry: false,
  });
});

test("closing closes the socket and the worker", async () => {
  const { client, socket, state } = await start();
  client.close();
  await until(() => state.closed);
  expect(socket.closedWith).toBe(1000);
});

test("a worker that cannot be loaded ends the client", () => {
  const { worker } = fakeWorker();
  const client = connectInWorker(worker, "ws://test/ws");
  const errors: (string | undefined)[] = [];
  client.on("closed", ({ error }) => errors.push(error?.message));
  const onerror = worker.onerror as ((event: object) => void) | null;
  onerror?.({ message: "404" });
  expect([client.state, errors]).toEqual(["closed", ["the worker failed: 404"]]);
});
