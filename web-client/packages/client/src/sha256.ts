/**
 * SHA-256 (FIPS 180-4), which names uploaded files.
 *
 * Not by WebCrypto: that is missing on plain http pages outside localhost, and asynchronous, while a render should go
 * out before the next key is pressed. Only what is too large for a frame is hashed, and files beside the main one that are
 * not small.
 */

/** The digest as hex. */
export function sha256(bytes: Uint8Array): string {
  const state = Int32Array.from(INITIAL);
  const words = new Int32Array(64);
  const whole = bytes.byteLength - (bytes.byteLength % 64);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < whole; at += 64) mix(state, words, view, at);

  // The rest, the bit 1, zeros, and the length in bits, in one block or two.
  const rest = bytes.byteLength - whole;
  const tail = new Uint8Array(rest < 56 ? 64 : 128);
  tail.set(bytes.subarray(whole));
  tail[rest] = 0x80;
  const tailView = new DataView(tail.buffer);
  tailView.setUint32(tail.byteLength - 8, Math.floor(bytes.byteLength / 2 ** 29));
  tailView.setUint32(tail.byteLength - 4, bytes.byteLength << 3);
  for (let at = 0; at < tail.byteLength; at += 64) mix(state, words, tailView, at);

  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** Mixes a block of 64 bytes into the state. Signed 32-bit arithmetic throughout, which engines do without boxing. */
function mix(state: Int32Array, words: Int32Array, block: DataView, at: number): void {
  for (let i = 0; i < 16; i++) words[i] = block.getInt32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const w2 = get(words, i - 2);
    const w15 = get(words, i - 15);
    const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
    const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
    words[i] = (get(words, i - 16) + s0 + get(words, i - 7) + s1) | 0;
  }
  let a = get(state, 0);
  let b = get(state, 1);
  let c = get(state, 2);
  let d = get(state, 3);
  let e = get(state, 4);
  let f = get(state, 5);
  let g = get(state, 6);
  let h = get(state, 7);
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const t1 = (h + s1 + choice + get(ROUND, i) + get(words, i)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + s0 + majority) | 0;
  }
  state[0] = get(state, 0) + a;
  state[1] = get(state, 1) + b;
  state[2] = get(state, 2) + c;
  state[3] = get(state, 3) + d;
  state[4] = get(state, 4) + e;
  state[5] = get(state, 5) + f;
  state[6] = get(state, 6) + g;
  state[7] = get(state, 7) + h;
}

/** An element that is there. */
function get(words: Int32Array, i: number): number {
  return words[i] as number;
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** The first 64 primes, whose roots' fractional parts are the constants of FIPS 180-4, sections 4.2.2 and 5.3.3. */
const PRIMES = Array.from({ length: 310 }, (_, i) => i + 2).filter((n) => {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
});
/** The first 32 bits of the fractional part. */
const fraction = (x: number) => Math.floor((x - Math.floor(x)) * 2 ** 32) | 0;
const INITIAL = Int32Array.from(PRIMES.slice(0, 8), (p) => fraction(Math.sqrt(p)));
const ROUND = Int32Array.from(PRIMES, (p) => fraction(Math.cbrt(p)));
