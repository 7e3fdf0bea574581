/** A link over a `WebSocket` on this thread. */

import { backoffMs } from "./backoff.js";
import { CreditAccount } from "./credit.js";
import { decodeServerMessage } from "./decode.js";
import { decodeChunk } from "./decode-chunk.js";
import { encodeClientMessage } from "./encode.js";
import { ConnectionError, DecodeError, ScadstreamError } from "./errors.js";
import { hasPayload, SUBPROTOCOL } from "./frame.js";
import type { Link, LinkEvent, LinkOptions } from "./link.js";
import type { Decoders } from "./options.js";
import { platform, type WebSocketClass, type WebSocketLike } from "./platform.js";

/** Close codes after which another try would end the same way (SPEC.md, section 7.5). */
const FINAL_CLOSE_CODES: ReadonlySet<number> = new Set([1000, 1009, 4400, 4401, 4406]);

/**
 * How often the server is asked for a sign of life, in milliseconds. A connection whose other end has vanished says
 * nothing for many minutes otherwise. Picked by hand, below the minute after which proxies drop idle connections.
 */
const KEEP_ALIVE_MS = 25_000;
/** Nonce of these pings: the session's own count from 1. */
const KEEP_ALIVE_NONCE = 0;

export class SocketLink implements Link {
  readonly #options: LinkOptions;
  readonly #class: WebSocketClass;
  readonly #decoders: Decoders;
  readonly #emit: (event: LinkEvent) => void;
  readonly #credit: CreditAccount;
  #socket: WebSocketLike | undefined;
  #open = false;
  /** Number of the last connection that opened. */
  #connection = 0;
  /** Of the next try, or of the next sign of life. */
  #timer: unknown;
  /** Whether anything came since the last ping. */
  #heard = false;
  /** Tries since the last `Welcome`. */
  #attempt = 0;
  #ended = false;

  /** Throws `ScadstreamError` where there is no `WebSocket`. */
  constructor(
    options: LinkOptions,
    webSocket: WebSocketClass | undefined,
    decoders: Decoders,
    emit: (event: LinkEvent) => void,
  ) {
    const found = webSocket ?? platform.WebSocket;
    if (found === undefined) {
      throw new ScadstreamError("there is no global WebSocket here: give one in the options");
    }
    this.#class = found;
    this.#options = options;
    this.#decoders = decoders;
    this.#emit = emit;
    this.#credit = new CreditAccount(options.creditBytes);
    // Not at once: the caller must have the link before the first event.
    platform.queueMicrotask(() => this.#connect());
  }

  send(frame: Uint8Array<ArrayBuffer>, connection: number): void {
    if (connection === this.#connection) this.#write(frame);
  }

  acknowledge(bytes: number): void {
    const returned = this.#credit.acknowledged(bytes);
    if (returned > 0) this.#write(encodeClientMessage({ kind: "credit", bytes: returned }));
  }

  close(): void {
    this.#ended = true;
    const socket = this.#detach();
    socket?.close(1000);
  }

  #write(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#open) this.#socket?.send(frame);
  }

  #connect(): void {
    if (this.#ended) return;
    let socket: WebSocketLike;
    try {
      socket = new this.#class(this.#options.url, [SUBPROTOCOL]);
    } catch (error) {
      // Only a faulty URL throws.
      this.#end(new ScadstreamError(`cannot connect to ${this.#options.url}: ${String(error)}`));
      return;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#open = true;
      this.#credit.reset();
      this.#heard = true;
      this.#watch();
      this.#connection += 1;
      this.#emit({ type: "connected", connection: this.#connection });
    };
    socket.onmessage = (event: { data: unknown }) => this.#receive(event.data);
    socket.onclose = (event: { code: number; reason: string }) => {
      const opened = this.#open;
      this.#detach();
      this.#lost(event, opened);
    };
    // `close` follows and says more.
    socket.onerror = () => {};
  }

  /** Asks for a sign of life, after which the next must come before the next question. */
  #watch(): void {
    this.#timer = platform.setTimeout(() => {
      if (this.#heard) {
        this.#heard = false;
        this.#write(encodeClientMessage({ kind: "ping", nonce: KEEP_ALIVE_NONCE }));
        this.#watch();
      } else {
        const socket = this.#detach();
        this.#lost({ code: 4408, reason: "no sign of life" }, true);
        socket?.close(4408);
      }
    }, KEEP_ALIVE_MS);
  }

  #receive(data: unknown): void {
    this.#heard = true;
    if (!(data instanceof ArrayBuffer)) {
      this.#emit({
        type: "fault",
        error: new DecodeError("not-binary", "the server sent a text message"),
      });
      return;
    }
    const bytes = new Uint8Array(data);
    const credit = hasPayload(bytes[5]) ? bytes.byteLength : 0;
    this.#credit.received(credit);
    const event = this.#decode(bytes, credit);
    if (event?.type === "message" && event.message.kind === "welcome") this.#attempt = 0;
    if (event?.type === "fault") this.acknowledge(credit);
    if (event !== undefined) this.#emit(event);
  }

  #decode(bytes: Uint8Array<ArrayBuffer>, credit: number): LinkEvent | undefined {
    try {
      const message = decodeServerMessage(bytes);
      if (message === undefined) return undefined;
      if (message.kind !== "chunk") return { type: "message", message, credit };
      const { payload: _, ...header } = message;
      const mesh = decodeChunk(message, this.#decoders);
      return { type: "message", message: { ...header, mesh }, credit };
    } catch (error) {
      if (error instanceof ScadstreamError) return { type: "fault", error };
      // A decoder that the application gave has thrown.
      return { type: "fault", error: new DecodeError("field", `Chunk.payload: ${String(error)}`) };
    }
  }

  #lost({ code, reason }: { code: number; reason: string }, opened: boolean): void {
    this.#attempt += 1;
    const { reconnect } = this.#options;
    const willRetry =
      reconnect !== false && !FINAL_CLOSE_CODES.has(code) && this.#attempt <= reconnect.maxAttempts;
    const what = opened ? "the connection was closed" : "no connection could be made";
    const error = new ConnectionError(
      `${what} (${code}${reason && `: ${reason}`})`,
      code,
      willRetry,
    );
    if (!willRetry) {
      this.#end(error);
      return;
    }
    const delayMs = backoffMs(this.#attempt, reconnect);
    this.#timer = platform.setTimeout(() => this.#connect(), delayMs);
    this.#emit({ type: "lost", error, attempt: this.#attempt, delayMs });
  }

  #end(error: ScadstreamError): void {
    this.#ended = true;
    this.#emit({ type: "ended", error });
  }

  /** Lets go of the socket: nothing that it still says is heard. */
  #detach(): WebSocketLike | undefined {
    platform.clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    this.#open = false;
    if (socket !== undefined) {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.onerror = () => {};
    }
    return socket;
  }
}
