/** The client over a real socket in Node, with the `WebSocket` of the package `ws`. */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { connect, type WebSocketClass } from "../src/index.js";
import * as server from "./support/server-frames.js";

// The types of both sides fit without a cast.
const webSocket: WebSocketClass = WebSocket;

test("a scene comes over a real WebSocket as views", async () => {
  const listener = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(listener, "listening");
  listener.on("connection", (socket) => {
    expect(socket.protocol).toBe("scadstream.v1");
    socket.on("message", (data: Buffer) => {
      if (data[5] === 0x01) socket.send(server.welcome());
      if (data[5] !== 0x02) return;
      socket.send(server.manifest({ revision: 1, chunks: [{ id: 1 }] }));
      socket.send(server.chunk({ revision: 1, id: 1, index: 0 }));
      socket.send(server.done(1));
    });
  });
  const { port } = listener.address() as AddressInfo;
  const client = connect(`ws://127.0.0.1:${port}/ws`, { webSocket });
  const { scene } = await client.render({ files: [{ name: "a.scad", content: "" }] }).result();
  const mesh = scene.chunks[0]?.mesh;
  expect([...(mesh?.positions ?? [])]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 1]);
  expect(mesh?.positions.buffer).toBe(mesh?.indices.buffer);
  client.close();
  listener.close();
  await once(listener, "close");
});

test("without a global WebSocket the error says what to do", () => {
  if ("WebSocket" in globalThis) {
    expect(() => connect("not a url")).not.toThrow();
    return;
  }
  expect(() => connect("ws://127.0.0.1:1")).toThrow("give one in the options");
});
