/** Counts what the server may send, and when to tell it so (SPEC.md, section 7.4). */

/** Most that is held back, so that one frame of any length gets through. */
const MAX_HELD_BACK = 1 << 20;

export class CreditAccount {
  /** Received on this connection and not acknowledged. */
  #outstanding = 0;
  /** Acknowledged and not returned. */
  #held = 0;
  readonly #threshold: number;

  constructor(initialBytes: number) {
    // A quarter: the server is told in time, and not more than a few times for each window.
    this.#threshold = Math.min(MAX_HELD_BACK, initialBytes / 4);
  }

  /** A new connection starts with the initial credit. */
  reset(): void {
    this.#outstanding = 0;
    this.#held = 0;
  }

  received(bytes: number): void {
    this.#outstanding += bytes;
  }

  /**
   * Bytes to return to the server now; 0: none yet.
   *
   * More than was received on this connection is not returned: the rest belongs to a connection that is gone.
   */
  acknowledged(bytes: number): number {
    const counted = Math.min(bytes, this.#outstanding);
    this.#outstanding -= counted;
    this.#held += counted;
    if (this.#held < this.#threshold) return 0;
    const returned = this.#held;
    this.#held = 0;
    return returned;
  }
}
