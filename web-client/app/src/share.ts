/**
 * A document in a link: compressed into the address's fragment, which browsers keep to themselves, so that sharing
 * needs no server.
 */

/** What a link carries. */
export interface SharedDocument {
  readonly name: string;
  /** Text files by name, the main file first. */
  readonly files: Readonly<Record<string, string>>;
  /** Customizer values by parameter name, as OpenSCAD expressions. */
  readonly overrides: Readonly<Record<string, string>>;
}

const KEY = "#model=";

/** A link with more than this many characters breaks in mail and chat programs. Picked by hand. */
export const LONG_LINK = 8000;
/** A shared document unpacks to at most this many bytes: a link must not fill the visitor's memory. */
const MAX_UNPACKED_BYTES = 4_000_000;

/** A link was cut or is not one of ours. */
export class BrokenLinkError extends Error {
  override readonly name = "BrokenLinkError";
}

/** The fragment, with its `#`, that carries `shared`. */
export async function toFragment(shared: SharedDocument): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(shared));
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return KEY + toBase64Url(new Uint8Array(await new Response(packed).arrayBuffer()));
}

/** The document in a fragment, or `undefined` when it carries none. Throws {@link BrokenLinkError}. */
export async function fromFragment(fragment: string): Promise<SharedDocument | undefined> {
  if (!fragment.startsWith(KEY)) return undefined;
  try {
    const packed = fromBase64Url(fragment.slice(KEY.length));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await unpack(packed));
    return checkShared(JSON.parse(text));
  } catch (cause) {
    throw new BrokenLinkError("the link is incomplete or damaged", { cause });
  }
}

async function unpack(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > MAX_UNPACKED_BYTES) {
      await reader.cancel();
      throw new RangeError("the link's document is too large");
    }
    pieces.push(next.value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function checkShared(value: unknown): SharedDocument {
  if (typeof value !== "object" || value === null) throw new TypeError("not a document");
  const { name, files, overrides } = value as Record<string, unknown>;
  if (typeof name !== "string" || !isTextRecord(files) || !isTextRecord(overrides)) {
    throw new TypeError("not a document");
  }
  if (Object.keys(files).length === 0) throw new TypeError("a document has a main file");
  return { name, files, overrides };
}

function isTextRecord(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((entry) => typeof entry === "string")
  );
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
