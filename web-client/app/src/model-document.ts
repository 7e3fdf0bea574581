/**
 * The document being edited: a main file, and the files that it includes or imports.
 *
 * Text is kept as text, everything else as bytes. The document is kept in local storage, so that closing the page
 * loses nothing; files too large for that live until the page is closed.
 */

/** A file's content: text that can be edited, or bytes of an import. */
export type Content = string | Uint8Array<ArrayBuffer>;

/** A document. */
export interface ModelDocument {
  /** Name of the main file; it is in `files` too. */
  readonly main: string;
  readonly files: ReadonlyMap<string, Content>;
}

const STORAGE_KEY = "scadstream.document";
/** Text files; what is not listed is taken for bytes. */
const TEXT_FILE = /\.(scad|csg|txt|csv|dat|json|svg|dxf)$/i;

/** Whether a file of this name is shown in the editor. */
export function isText(name: string): boolean {
  return TEXT_FILE.test(name);
}

/** Reads a file as what its name says it is. Text that is not UTF-8 is kept as bytes. */
export async function readFile(file: File): Promise<Content> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!isText(file.name)) return bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // The server says what it thinks of such a file, with the line that names it.
    return bytes;
  }
}

/** Keeps the document's text for the next visit. False when the browser has no room or forbids it. */
export function storeDocument({ main, files }: ModelDocument): boolean {
  const texts = Object.fromEntries([...files].filter(([, content]) => typeof content === "string"));
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify({ main, files: texts }));
    return true;
  } catch {
    return false;
  }
}

/** The document of the last visit, if there is one that can be read. */
export function loadDocument(): ModelDocument | undefined {
  let stored: unknown;
  try {
    stored = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "null");
  } catch {
    return undefined;
  }
  if (typeof stored !== "object" || stored === null) return undefined;
  const { main, files } = stored as Record<string, unknown>;
  if (typeof main !== "string" || typeof files !== "object" || files === null) return undefined;
  const texts = Object.entries(files).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  const map = new Map<string, Content>(texts);
  return map.has(main) ? { main, files: map } : undefined;
}
