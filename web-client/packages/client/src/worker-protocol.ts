/** What a worker and the page say to each other: commands to the link in the worker, and its events. */

import { ConnectionError, DecodeError, ScadstreamError } from "./errors.js";
import type { LinkEvent, LinkOptions } from "./link.js";

export type WorkerCommand =
  | { readonly type: "connect"; readonly options: LinkOptions }
  | {
      readonly type: "send";
      readonly frame: Uint8Array<ArrayBuffer>;
      readonly connection: number;
    }
  | { readonly type: "acknowledge"; readonly bytes: number }
  | { readonly type: "close" };

/** A link's event as structured cloning leaves it whole: classes do not survive that. */
export type WorkerEvent = { readonly event: LinkEvent } | { readonly failure: Failure };

type Failure =
  | (Omit<Extract<LinkEvent, { type: "lost" }>, "error"> & { readonly error: FlatError })
  | { readonly type: "fault" | "ended"; readonly error: FlatError };

interface FlatError {
  readonly message: string;
  readonly problem?: DecodeError["problem"];
  readonly closeCode?: number;
  readonly willRetry?: boolean;
}

/** The event as it is posted. */
export function flattenEvent(event: LinkEvent): WorkerEvent {
  if (!("error" in event)) return { event };
  return { failure: { ...event, error: flattenError(event.error) } as Failure };
}

/** The event as it was. */
export function restoreEvent(posted: WorkerEvent): LinkEvent {
  if ("event" in posted) return posted.event;
  return { ...posted.failure, error: restoreError(posted.failure.error) } as LinkEvent;
}

/** The buffers in an event, which go over instead of being copied. */
export function transferables(event: LinkEvent): ArrayBuffer[] {
  if (event.type !== "message") return [];
  const { message } = event;
  if (message.kind === "file") return [message.bytes.buffer];
  if (message.kind !== "chunk") return [];
  return [...new Set([message.mesh.positions.buffer, message.mesh.indices.buffer])];
}

function flattenError(error: ScadstreamError): FlatError {
  const { message } = error;
  if (error instanceof DecodeError) return { message, problem: error.problem };
  if (error instanceof ConnectionError) {
    return { message, closeCode: error.closeCode, willRetry: error.willRetry };
  }
  return { message };
}

function restoreError({ message, problem, closeCode, willRetry }: FlatError): ScadstreamError {
  if (problem !== undefined) return new DecodeError(problem, message);
  if (closeCode !== undefined && willRetry !== undefined) {
    return new ConnectionError(message, closeCode, willRetry);
  }
  return new ScadstreamError(message);
}
