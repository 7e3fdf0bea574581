/** Messages about the model, as marks in the text: from the server's lines and columns to the editor's offsets. */

import type { Diagnostic as Mark } from "@codemirror/lint";
import type { Text } from "@codemirror/state";
import type { Diagnostic } from "@scadstream/client";

/** The marks for those of `messages` that are about the file `name`. Echoes and notes are not marked. */
export function marksFor(messages: readonly Diagnostic[], name: string, doc: Text): Mark[] {
  const marks: Mark[] = [];
  for (const message of messages) {
    const severity = markSeverity(message);
    const { place } = message;
    if (severity === undefined || place === undefined || place.file !== name) continue;
    const from = offsetOf(doc, place.line, place.column);
    const to = Math.max(offsetOf(doc, place.endLine, place.endColumn), from);
    const text = [message.message, ...message.hints].join("\n");
    marks.push({ from, to: endOfFirstLine(doc, from, to), severity, message: text });
  }
  return marks.sort((a, b) => a.from - b.from);
}

/** The offset of a line and column that count from 1, columns in code points; the nearest there is. */
export function offsetOf(doc: Text, line: number, column: number): number {
  if (line > doc.lines) return doc.length;
  const { from, text } = doc.line(Math.max(line, 1));
  const before = Array.from(text).slice(0, Math.max(column - 1, 0));
  return from + before.join("").length;
}

/** A mark over many lines says no more than one over its first, and hides the text. */
function endOfFirstLine(doc: Text, from: number, to: number): number {
  const lineEnd = doc.lineAt(from).to;
  return Math.min(to, Math.max(lineEnd, from));
}

function markSeverity({ severity }: Diagnostic): Mark["severity"] | undefined {
  switch (severity) {
    case "error":
      return "error";
    case "warning":
    case "deprecated":
      return "warning";
    default:
      return undefined;
  }
}
