/** Writes the fields of a header one after the other (SPEC.md, section 3), each checked against its limit. */

import { EncodeError } from "./errors.js";
import { numberOf, type Open } from "./numbers.js";
import { platform } from "./platform.js";

const MAX_U32 = 0xffff_ffff;

export class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  readonly #utf8 = new platform.TextEncoder();
  #length = 0;

  /** The header. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  check(field: string, holds: boolean, rule: string): void {
    if (!holds) throw new EncodeError(field, rule);
  }

  u8(value: number): void {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
  }

  u32(field: string, value: number, limit = MAX_U32): void {
    this.#integer(field, value, limit);
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
  }

  u64(field: string, value: number, limit: number): void {
    this.#integer(field, value, limit);
    const at = this.#grow(8);
    this.#view.setUint32(at, value % 2 ** 32, true);
    this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  f32(field: string, value: number): void {
    // Checked after rounding: a large double becomes infinite.
    this.check(field, Number.isFinite(Math.fround(value)), "is not a finite number");
    const at = this.#grow(4);
    this.#view.setFloat32(at, value, true);
  }

  text(field: string, text: string, limit: number): void {
    this.bytes(field, this.#utf8.encode(text), limit);
  }

  /** A list of bytes. */
  bytes(field: string, bytes: Uint8Array, limit: number): void {
    this.u64(field, bytes.byteLength, limit);
    const at = this.#grow(bytes.byteLength);
    this.#bytes.set(bytes, at);
  }

  /** Exactly `length` bytes, given as hex. */
  hex(field: string, hex: string, length: number): void {
    const valid = hex.length === 2 * length && /^[0-9a-f]*$/.test(hex);
    this.check(field, valid, `is not ${length} bytes in lower-case hex`);
    for (let i = 0; i < hex.length; i += 2) this.u8(Number.parseInt(hex.slice(i, i + 2), 16));
  }

  list<T>(field: string, list: readonly T[], limit: number, element: (value: T) => void): void {
    this.u64(field, list.length, limit);
    for (const value of list) element(value);
  }

  option<T>(value: T | undefined, write: (value: T) => void): void {
    this.u8(value === undefined ? 0 : 1);
    if (value !== undefined) write(value);
  }

  open<const Names extends readonly string[]>(
    field: string,
    names: Names,
    name: Open<Names>,
  ): void {
    const number = numberOf(names, name);
    if (number === undefined) throw new EncodeError(field, `"${name}" is not one of its values`);
    this.u32(field, number);
  }

  #integer(field: string, value: number, limit: number): void {
    this.check(field, Number.isInteger(value) && value >= 0, `${value} is not a whole number`);
    this.check(field, value <= limit, `is ${value}; the limit is ${limit}`);
  }

  /** Makes room for `length` bytes and returns where they begin. */
  #grow(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.byteLength) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.byteLength));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}
