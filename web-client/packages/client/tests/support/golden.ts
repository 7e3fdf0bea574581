/** The golden frames that the Rust tests write. */

import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../../../../protocol/golden/", import.meta.url);

export const GOLDEN_NAMES = readdirSync(FOLDER).map((file) => file.replace(/\.bin$/, ""));

/** The bytes of a golden frame, at the start of a buffer of their own as a `WebSocket` gives them. */
export function golden(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(new URL(`${name}.bin`, FOLDER)));
}
