/** A link through a worker that runs `serveWorker`. */

import { ScadstreamError } from "./errors.js";
import type { Link, LinkEvent, LinkOptions } from "./link.js";
import type { WorkerLike } from "./platform.js";
import { restoreEvent, type WorkerCommand, type WorkerEvent } from "./worker-protocol.js";

export class WorkerLink implements Link {
  readonly #worker: WorkerLike;

  constructor(worker: WorkerLike, options: LinkOptions, emit: (event: LinkEvent) => void) {
    this.#worker = worker;
    worker.onmessage = (event: { data: WorkerEvent }) => emit(restoreEvent(event.data));
    worker.onerror = (event: { message?: string }) => {
      const why = event.message ?? "it could not be loaded";
      emit({ type: "ended", error: new ScadstreamError(`the worker failed: ${why}`) });
    };
    this.#post({ type: "connect", options }, []);
  }

  send(frame: Uint8Array<ArrayBuffer>, connection: number): void {
    this.#post({ type: "send", frame, connection }, [frame.buffer]);
  }

  acknowledge(bytes: number): void {
    if (bytes > 0) this.#post({ type: "acknowledge", bytes }, []);
  }

  close(): void {
    this.#worker.onmessage = null;
    // The worker closes the socket properly, then itself.
    this.#post({ type: "close" }, []);
  }

  #post(command: WorkerCommand, transfer: ArrayBuffer[]): void {
    this.#worker.postMessage(command, transfer);
  }
}
