/** A `WebSocket` class without a network, and what clients sent through it. */

import { CLIENT_KINDS, readFrame } from "../../src/frame.js";
import { Reader } from "../../src/reader.js";

/** A client's message as far as the tests look into it. */
export type Sent =
  | { readonly kind: "hello"; readonly credit: number; readonly known: readonly string[] }
  | { readonly kind: "render"; readonly document: number; readonly revision: number }
  | { readonly kind: "cancel"; readonly document: number; readonly revision: number }
  | { readonly kind: "need"; readonly revision: number; readonly chunks: readonly number[] }
  | { readonly kind: "credit"; readonly bytes: number }
  | { readonly kind: "upload"; readonly offset: number; readonly total: number }
  | { readonly kind: "export"; readonly revision: number; readonly request: number }
  | { readonly kind: "ping"; readonly nonce: number }
  | { readonly kind: "view"; readonly document: number; readonly eye: readonly number[] };

export class FakeSocket {
  /** All sockets since `reset`, the oldest first. */
  static made: FakeSocket[] = [];

  static reset(): void {
    FakeSocket.made = [];
  }

  static get last(): FakeSocket {
    const socket = FakeSocket.made.at(-1);
    if (socket === undefined) throw new Error("no socket has been made");
    return socket;
  }

  binaryType = "blob";
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly sent: Sent[] = [];
  closedWith: number | undefined;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    FakeSocket.made.push(this);
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    this.sent.push(readSent(data));
  }

  close(code?: number): void {
    this.closedWith = code;
  }

  /** The server accepts the connection. */
  open(): void {
    this.onopen?.({} as never);
  }

  /** The server sends a frame, or with a string a text message. */
  receive(data: Uint8Array<ArrayBuffer> | string): void {
    const bytes = typeof data === "string" ? data : data.buffer;
    this.onmessage?.({ data: bytes } as never);
  }

  /** The connection ends. */
  lose(code: number, reason = ""): void {
    this.onclose?.({ code, reason } as never);
  }

  of<Kind extends Sent["kind"]>(kind: Kind): Extract<Sent, { kind: Kind }>[] {
    return this.sent.filter((s): s is Extract<Sent, { kind: Kind }> => s.kind === kind);
  }
}

function readSent(bytes: Uint8Array<ArrayBuffer>): Sent {
  const frame = readFrame(bytes);
  const kinds = Object.entries(CLIENT_KINDS) as [Sent["kind"], number][];
  const kind = kinds.find(([, number]) => number === frame.kind)?.[0];
  if (kind === undefined) throw new Error(`a client sent kind ${frame.kind}`);
  const r = new Reader(kind, frame.header);
  switch (kind) {
    case "hello": {
      r.u32();
      r.option(() => r.text());
      r.list(16, () => r.u32());
      return { kind, credit: r.u32(), known: r.list(40_000, () => r.hex(16)) };
    }
    case "render":
    case "cancel":
      return { kind, document: r.u32(), revision: r.u32() };
    case "need": {
      r.u32();
      const revision = r.u32();
      r.u32();
      return { kind, revision, chunks: r.list(100, () => r.u32()) };
    }
    case "credit":
      return { kind, bytes: r.u32() };
    case "upload":
      r.hex(32);
      return { kind, offset: r.u64(), total: r.u64() };
    case "export": {
      r.u32();
      return { kind, revision: r.u32(), request: r.u32() };
    }
    case "ping":
      return { kind, nonce: r.u32() };
    case "view":
      return { kind, document: r.u32(), eye: [r.f32(), r.f32(), r.f32()] };
  }
}
