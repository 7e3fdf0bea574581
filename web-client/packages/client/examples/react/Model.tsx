/** A React component that shows an OpenSCAD model: `@scadstream/client` in a worker, `@scadstream/viewer` on a canvas. */

import { type Client, connectInWorker, type Scene } from "@scadstream/client";
import { Viewer } from "@scadstream/viewer";
import { useEffect, useRef, useState } from "react";

/** One client for the page: it keeps chunks, so that models shown before cost nothing. */
export function connectClient(server: string): Client {
  const worker = new Worker(new URL("./connection-worker.ts", import.meta.url), { type: "module" });
  return connectInWorker(worker, server, { codecs: ["meshopt-grid", "meshopt"] });
}

/** Shows `source`; renders it again when it changes. Give each model on the page its own `document` number. */
export function Model(props: { client: Client; source: string; document?: number }) {
  const { client, source, document = 0 } = props;
  const host = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    if (host.current === null) return;
    const viewer = new Viewer(host.current);
    const begin = (scene: Scene) => {
      if (scene.document === document) viewer.beginScene(toViewer(scene));
    };
    const unlisten = [
      client.on("scene-start", ({ scene }) => begin(scene)),
      client.on("scene-extended", ({ scene }) => begin(scene)),
      client.on("chunk", ({ scene, chunk }) => {
        if (scene.document === document) viewer.addChunk(chunk.hash, chunk.mesh);
      }),
      client.on("scene-complete", ({ scene }) => begin(scene)),
    ];
    return () => {
      for (const stop of unlisten) stop();
      viewer.dispose();
    };
  }, [client, document]);

  useEffect(() => {
    const abort = new AbortController();
    const files = [{ name: "main.scad", content: source }];
    client
      .render({ document, files, signal: abort.signal })
      .result()
      .then(
        () => setProblem(undefined),
        (error: Error) => {
          if (!abort.signal.aborted) setProblem(error.message);
        },
      );
    return () => abort.abort();
  }, [client, document, source]);

  return (
    <figure>
      <div ref={host} style={{ height: 400 }} />
      {problem !== undefined && <figcaption role="alert">{problem}</figcaption>}
    </figure>
  );
}

/** The viewer takes colours from 0 to 1. */
function toViewer({ parts, chunks, complete }: Scene) {
  const unit = (color: readonly number[] | undefined) =>
    color?.map((channel) => channel / 255) as [number, number, number, number] | undefined;
  return {
    parts: parts.map(({ kind, color }) => ({
      kind:
        kind === "highlight" || kind === "background" || kind === "flat"
          ? kind
          : ("solid" as const),
      color: unit(color),
    })),
    chunks: chunks.map(({ hash, part, color, bounds }) => ({
      hash,
      part,
      color: unit(color),
      box: bounds,
    })),
    complete,
  };
}
