/** The error classes of this package: one for each thing that a caller may do differently. */

import type { Failed, Place } from "./messages.js";
import type { FailureCode } from "./numbers.js";

/** Base of all errors of this package. */
export class ScadstreamError extends Error {
  override readonly name: string = "ScadstreamError";
}

/** Why bytes are not a message. */
export type DecodeProblem =
  | "incomplete"
  | "magic"
  | "version"
  | "flags"
  | "frame-too-large"
  | "extra-bytes"
  | "padding"
  | "direction"
  | "unexpected-payload"
  | "header"
  | "field"
  | "not-binary";

/** The server sent bytes that are not a message of this protocol. */
export class DecodeError extends ScadstreamError {
  override readonly name = "DecodeError";

  constructor(
    readonly problem: DecodeProblem,
    message: string,
  ) {
    super(message);
  }
}

/** A message cannot be written: a field breaks a rule of the protocol, or the frame would be too long. */
export class EncodeError extends ScadstreamError {
  override readonly name = "EncodeError";

  constructor(
    /** The field as SPEC.md names it. */
    readonly field: string,
    message: string,
  ) {
    super(`${field}: ${message}`);
  }
}

/** The connection ended, or could not be made. */
export class ConnectionError extends ScadstreamError {
  override readonly name = "ConnectionError";

  constructor(
    message: string,
    /** WebSocket close code; 1006 when there was no closing handshake. */
    readonly closeCode: number,
    /** Whether the client tries again by itself. */
    readonly willRetry: boolean,
  ) {
    super(message);
  }
}

/** The server could not do what it was asked for. */
export class ServerError extends ScadstreamError {
  override readonly name: string = "ServerError";
  readonly code: FailureCode;
  readonly place: Place | undefined;
  /** Facts, such as `needed_bytes`; the keys are listed in SPEC.md. */
  readonly details: ReadonlyMap<string, string>;

  constructor(failed: Pick<Failed, "code" | "message" | "place" | "details">) {
    super(failed.message);
    this.code = failed.code;
    this.place = failed.place;
    this.details = new Map(failed.details.map(({ key, value }) => [key, value]));
  }
}

/** A render failed, was cancelled, or a newer revision took its place (`code`). */
export class RenderError extends ServerError {
  override readonly name = "RenderError";
}

/** An export failed (`code`). */
export class ExportError extends ServerError {
  override readonly name = "ExportError";
}

/** The application aborted an operation by its signal. */
export class AbortedError extends ScadstreamError {
  override readonly name = "AbortError";

  constructor() {
    super("aborted by the application");
  }
}

/** The client has been closed. */
export class ClosedError extends ScadstreamError {
  override readonly name = "ClosedError";

  constructor() {
    super("the client is closed");
  }
}
