/** Reads the fields of a header one after the other (SPEC.md, section 3). */

import { DecodeError } from "./errors.js";
import { MAX_NAME_BYTES, MAX_STRING_BYTES } from "./limits.js";
import type { Place, Rgba, Vec3 } from "./messages.js";
import { nameOf, type Open } from "./numbers.js";
import { platform } from "./platform.js";

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #utf8 = new platform.TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #at = 0;

  constructor(
    /** Kind of the message, for errors. */
    private readonly kind: string,
    header: Uint8Array,
  ) {
    this.#bytes = header;
    this.#view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** A `u64` that a JavaScript number holds exactly. */
  u64(): number {
    const at = this.#take(8);
    const value = this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
    return this.require(value, value <= Number.MAX_SAFE_INTEGER, "a number is above 2^53 - 1");
  }

  f32(): number {
    const value = this.#view.getFloat32(this.#take(4), true);
    return this.require(value, Number.isFinite(value), "a number is not finite");
  }

  f64(): number {
    const value = this.#view.getFloat64(this.#take(8), true);
    return this.require(value, Number.isFinite(value), "a number is not finite");
  }

  bool(): boolean {
    const byte = this.u8();
    return this.require(byte === 1, byte <= 1, `${byte} is neither false nor true`);
  }

  /** A string of at most `max` bytes. */
  text(max = MAX_STRING_BYTES): string {
    const length = this.#length(max);
    const at = this.#take(length);
    try {
      return this.#utf8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw this.#malformed("a string is not UTF-8");
    }
  }

  name(): string {
    return this.text(MAX_NAME_BYTES);
  }

  /** `length` bytes as hex. */
  hex(length: number): string {
    const at = this.#take(length);
    let hex = "";
    for (let i = at; i < at + length; i++) hex += HEX[this.#bytes[i] ?? 0];
    return hex;
  }

  /** A list of at most `max` elements. */
  list<T>(max: number, element: () => T): T[] {
    const list: T[] = [];
    // Not allocated at once: the elements that are claimed may not be there.
    for (let left = this.#length(max); left > 0; left--) list.push(element());
    return list;
  }

  option<T>(value: () => T): T | undefined {
    const tag = this.u8();
    this.require(tag, tag <= 1, `${tag} is not a variant`);
    return tag === 1 ? value() : undefined;
  }

  /** A value of an open enumeration. */
  open<const Names extends readonly string[]>(names: Names): Open<Names> {
    return nameOf(names, this.u32());
  }

  /** One of several shapes. */
  variant<T>(shapes: readonly (() => T)[]): T {
    const tag = this.u32();
    const shape = shapes[tag];
    if (shape === undefined) throw this.#malformed(`${tag} is not a variant`);
    return shape();
  }

  vec3f32(): Vec3 {
    return [this.f32(), this.f32(), this.f32()];
  }

  vec3f64(): Vec3 {
    return [this.f64(), this.f64(), this.f64()];
  }

  rgba(): Rgba {
    return [this.u8(), this.u8(), this.u8(), this.u8()];
  }

  place(): Place {
    return {
      file: this.name(),
      line: this.u32(),
      column: this.u32(),
      endLine: this.u32(),
      endColumn: this.u32(),
    };
  }

  /** `value`, if a rule of the protocol holds. */
  require<T>(value: T, holds: boolean, rule: string): T {
    if (!holds) throw this.#malformed(rule);
    return value;
  }

  /** The header must end here. */
  end(): void {
    const left = this.#bytes.byteLength - this.#at;
    if (left > 0) throw this.#malformed(`${left} bytes after the last field`);
  }

  #length(max: number): number {
    const at = this.#take(8);
    const length = this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
    return this.require(length, length <= max, "a list or string is longer than its limit");
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.byteLength) {
      throw this.#malformed("the header ends within a field");
    }
    this.#at = at + length;
    return at;
  }

  #malformed(problem: string): DecodeError {
    return new DecodeError("header", `${this.kind} header, byte ${this.#at}: ${problem}`);
  }
}
