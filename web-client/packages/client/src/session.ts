/** The client behind `connect`: sessions, documents and scenes over a link. */

import { ChunkStore } from "./chunk-store.js";
import type { Client, ExportedFile, Rendering, RenderRequest } from "./client.js";
import { Document, type Revision } from "./document.js";
import { Emitter } from "./emitter.js";
import { encodeClientMessage } from "./encode.js";
import {
  AbortedError,
  ClosedError,
  ConnectionError,
  ExportError,
  RenderError,
  ScadstreamError,
  ServerError,
} from "./errors.js";
import type { ClientEvent, EventOf } from "./events.js";
import { PendingFile } from "./exports.js";
import { PROTOCOL_VERSION } from "./frame.js";
import { MAX_KNOWN_CHUNKS } from "./limits.js";
import type { Link, LinkEvent, ReceivedChunk } from "./link.js";
import type * as m from "./messages.js";
import type { Codec, ExportFormat, FailureCode } from "./numbers.js";
import { type ChunkArchive, CONNECT_DEFAULTS, type ConnectOptions } from "./options.js";
import { Outcome } from "./outcome.js";
import { type AbortSignalLike, platform } from "./platform.js";
import type { Scene } from "./scene.js";
import { SceneBuilder } from "./scene-builder.js";

/** Makes a link that calls `emit`. */
export type MakeLink = (emit: (event: LinkEvent) => void) => Link;

export class Session implements Client {
  #state: Client["state"] = "connecting";
  #welcome: m.Welcome | undefined;
  readonly #link: Link;
  /** The link's number of the connection that the session is on. */
  #connection = 0;
  /** Its number of the connection that there is, on which the session may not have begun. */
  #connected = 0;
  readonly #options: ConnectOptions;
  /** Codecs that the link decodes, best first. */
  readonly #codecs: readonly Codec[];
  readonly #emitter = new Emitter();
  readonly #store: ChunkStore;
  readonly #documents = new Map<number, Document>();
  /** Files that were uploaded on this connection. */
  readonly #uploaded = new Set<m.FileDigest>();
  readonly #files = new Map<number, PendingFile>();
  /** Resolves when the archive's chunks are in the store; `undefined` when there is nothing to wait for. */
  #loading: Promise<void> | undefined;
  readonly #pings = new Map<number, { sentAt: number; outcome: Outcome<number> }>();
  /** Number of the last export or ping. */
  #request = 0;

  constructor(makeLink: MakeLink, codecs: readonly Codec[], options: ConnectOptions) {
    this.#options = options;
    this.#codecs = codecs;
    this.#store = new ChunkStore(options.storeBytes ?? CONNECT_DEFAULTS.storeBytes);
    // Once for nothing: options against the limits are the caller's fault, not the connection's.
    encodeClientMessage(this.#hello());
    this.#loading = options.archive && this.#load(options.archive);
    this.#link = makeLink((event) => this.#handle(event));
    onAbort(options.signal, () => this.close());
  }

  get state(): Client["state"] {
    return this.#state;
  }

  get welcome(): m.Welcome | undefined {
    return this.#welcome;
  }

  on<Type extends ClientEvent["type"]>(
    type: Type,
    listener: (event: EventOf<Type>) => void,
  ): () => void {
    return this.#emitter.on(type, listener);
  }

  onAny(listener: (event: ClientEvent) => void): () => void {
    return this.#emitter.onAny(listener);
  }

  render(request: RenderRequest): Rendering {
    if (this.#state === "closed") throw new ClosedError();
    const number = request.document ?? 0;
    const document = this.#documents.get(number) ?? new Document(number);
    const revision = document.prepare(request);
    // Encoded before anything changes: a request against the limits leaves the older revision alone.
    const frame = encodeClientMessage(revision.render);
    this.#documents.set(number, document);
    document.newest?.outcome.reject(renderError("superseded", "a newer revision took its place"));
    document.newest = revision;
    if (this.#state === "open") this.#upload(revision);
    // Without a connection it goes nowhere: it is sent when there is one.
    this.#link.send(frame, this.#connection);
    const unlisten = onAbort(request.signal, () => this.#cancel(document, revision));
    revision.outcome.promise().then(unlisten, unlisten);
    return {
      document: number,
      get revision() {
        return revision.render.revision;
      },
      result: () => revision.outcome.promise(),
      cancel: () => this.#cancel(document, revision),
    };
  }

  look(camera: m.Camera, document = 0): void {
    const newest = this.#documents.get(document)?.newest;
    if (newest === undefined || newest.ended) return;
    newest.render = { ...newest.render, camera };
    if (this.#state === "open") this.#send({ kind: "view", document, camera });
  }

  scene(document = 0): Scene | undefined {
    return this.#documents.get(document)?.complete;
  }

  async export(
    format: ExportFormat,
    options: { readonly document?: number; readonly signal?: AbortSignalLike } = {},
  ): Promise<ExportedFile> {
    const document = this.#documents.get(options.document ?? 0);
    if (document?.newest === undefined) {
      throw new ScadstreamError("nothing to export: the document has not been rendered");
    }
    if (options.signal?.aborted) throw new AbortedError();
    this.#mustBeOpen();
    const request = this.#nextRequest();
    const file = new PendingFile();
    this.#files.set(request, file);
    const { render } = document.newest;
    this.#send({
      kind: "export",
      document: render.document,
      revision: render.revision,
      request,
      format,
    });
    const unlisten = onAbort(options.signal, () => file.outcome.reject(new AbortedError()));
    try {
      return await file.outcome.promise();
    } finally {
      unlisten();
      this.#files.delete(request);
    }
  }

  async ping(): Promise<number> {
    this.#mustBeOpen();
    const nonce = this.#nextRequest();
    const outcome = new Outcome<number>();
    this.#pings.set(nonce, { sentAt: platform.performance.now(), outcome });
    this.#send({ kind: "ping", nonce });
    return outcome.promise();
  }

  acknowledge(bytes: number): void {
    this.#link.acknowledge(bytes);
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#link.close();
    this.#closed(undefined);
  }

  // What the link says

  #handle(event: LinkEvent): void {
    if (this.#state === "closed") return;
    switch (event.type) {
      case "connected":
        this.#connected = event.connection;
        if (this.#loading === undefined) this.#openSession(event.connection);
        else void this.#loading.then(() => this.#openSession(event.connection));
        break;
      case "message":
        this.#receive(event.message, event.credit);
        break;
      case "fault":
        this.#emitter.emit({ type: "error", error: event.error });
        break;
      case "lost":
        this.#state = "reconnecting";
        this.#dropRequests(event.error);
        this.#emitter.emit({ ...event, type: "reconnecting" });
        break;
      case "ended":
        this.#closed(event.error);
        break;
    }
  }

  async #load(archive: ChunkArchive): Promise<void> {
    const meshes = await archive.load().catch(() => []);
    for (const mesh of meshes) this.#store.add(mesh);
    this.#loading = undefined;
  }

  /** `Hello`, and without waiting for the answer what the application wants rendered. */
  #openSession(connection: number): void {
    // Lost again while the archive was read.
    if (connection !== this.#connected || this.#state === "closed") return;
    this.#connection = connection;
    this.#uploaded.clear();
    this.#send(this.#hello());
    this.#state = "open";
    for (const { newest } of this.#documents.values()) {
      if (newest === undefined || newest.cancelled) continue;
      newest.restart();
      this.#upload(newest);
      this.#send(newest.render);
    }
  }

  /** Sends the files of a revision that the server has not had, ahead of what names them: it need not ask for them. */
  #upload(revision: Revision): void {
    for (const piece of revision.uploads(this.#uploaded)) this.#send(piece);
  }

  #hello(): m.Hello {
    return {
      kind: "hello",
      version: PROTOCOL_VERSION,
      token: this.#options.token,
      codecs: this.#codecs,
      credit: this.#options.creditBytes ?? CONNECT_DEFAULTS.creditBytes,
      known: this.#store.hashes(MAX_KNOWN_CHUNKS),
      client: this.#options.name ?? CONNECT_DEFAULTS.name,
    };
  }

  #receive(message: Exclude<m.ServerMessage, m.Chunk> | ReceivedChunk, credit: number): void {
    switch (message.kind) {
      case "welcome":
        this.#welcome = message;
        this.#emitter.emit({ type: "open", welcome: message });
        break;
      case "chunk":
        this.#receiveChunk(message, credit);
        break;
      case "manifest":
        this.#receiveManifest(message);
        break;
      case "done":
        this.#receiveDone(message);
        break;
      case "failed":
        this.#receiveFailed(message);
        break;
      case "wanted":
        this.#receiveWanted(message);
        break;
      case "file":
        this.#files.get(message.request)?.add(message);
        this.#link.acknowledge(credit);
        break;
      case "pong": {
        const ping = this.#pings.get(message.nonce);
        this.#pings.delete(message.nonce);
        ping?.outcome.resolve(platform.performance.now() - ping.sentAt);
        break;
      }
      case "pressure": {
        const { kind: _, ...body } = message;
        this.#emitter.emit({ type: "pressure", ...body });
        break;
      }
      case "queued":
      case "forecast":
      case "progress":
      case "diagnostics":
      case "parameters":
        this.#receiveNews(message);
        break;
    }
  }

  #receiveNews(message: m.Queued | m.Forecast | m.Progress | m.Diagnostics | m.Parameters): void {
    const revision = this.#current(message)?.revision;
    if (revision === undefined || revision.ended) return;
    if (message.kind === "diagnostics") revision.diagnostics.push(...message.list);
    const { kind, ...body } = message;
    // Kind and event type have the same name, with the same fields behind it.
    this.#emitter.emit({ type: kind, ...body } as ClientEvent);
  }

  #receiveManifest(manifest: m.Manifest): void {
    const current = this.#current(manifest);
    if (current === undefined || current.revision.ended) return;
    const { document, revision } = current;
    const begins = revision.scene?.number !== manifest.scene;
    const scene =
      begins || revision.scene === undefined ? new SceneBuilder(manifest) : revision.scene;
    revision.scene = scene;
    this.#reportingFaults(() => {
      const { found, needed } = scene.extend(manifest, this.#store);
      if (needed.length > 0) {
        const { document, revision, number } = scene;
        this.#send({ kind: "need", document, revision, scene: number, chunks: needed });
      }
      this.#emitter.emit({ type: begins ? "scene-start" : "scene-extended", scene });
      for (const chunk of found) this.#emitter.emit({ type: "chunk", scene, chunk, credit: 0 });
      this.#completeScene(document, scene);
    });
  }

  #receiveChunk(chunk: ReceivedChunk, credit: number): void {
    // Whatever revision it was sent for, it need not be sent again.
    const mesh = this.#store.add(chunk.mesh);
    const current = this.#current(chunk);
    const scene = current?.revision.scene;
    let due = credit;
    if (current !== undefined && scene?.number === chunk.scene && !current.revision.cancelled) {
      this.#reportingFaults(() => {
        scene.check(chunk);
        for (const filled of scene.fill(mesh)) {
          // The first chunk with this mesh pays for all.
          this.#emitter.emit({ type: "chunk", scene, chunk: filled, credit: due });
          if (this.#options.acknowledge !== "manual") this.#link.acknowledge(due);
          due = 0;
        }
        this.#completeScene(current.document, scene);
      });
    }
    // No application has seen it, so none will acknowledge it.
    this.#link.acknowledge(due);
  }

  #completeScene(document: Document, scene: SceneBuilder): void {
    if (!scene.complete || document.complete === scene) return;
    document.complete = scene;
    this.#emitter.emit({ type: "scene-complete", scene });
    this.#trimStore();
    this.#finish(document);
  }

  #receiveDone(done: m.Done): void {
    const current = this.#current(done);
    if (current === undefined || current.revision.ended) return;
    current.revision.statistics = done.statistics;
    current.revision.ended = true;
    const { kind: _, ...body } = done;
    this.#emitter.emit({ type: "done", ...body });
    this.#finish(current.document);
  }

  /** Settles the newest revision when both its last scene and `Done` are there: chunks asked for may come later. */
  #finish({ newest }: Document): void {
    if (newest?.statistics === undefined || newest.scene?.complete !== true) return;
    const { statistics, scene, diagnostics } = newest;
    const meshes = scene.chunks.flatMap(({ mesh }) => (mesh === undefined ? [] : [mesh]));
    this.#options.archive?.save(meshes);
    newest.outcome.resolve({ scene, statistics, diagnostics });
  }

  #receiveFailed(failed: m.Failed): void {
    const { subject } = failed;
    switch (subject.type) {
      case "render": {
        const current = this.#current(subject);
        if (current === undefined || current.revision.ended) return;
        this.#fail(current.document, current.revision, new RenderError(failed));
        break;
      }
      case "export":
        this.#files.get(subject.request)?.outcome.reject(new ExportError(failed));
        break;
      case "need": {
        const current = this.#current(subject);
        if (current !== undefined) this.#renderAgain(current.document, current.revision);
        break;
      }
      case "upload":
      case "session":
        this.#emitter.emit({ type: "error", error: new ServerError(failed) });
        break;
    }
  }

  #receiveWanted(wanted: m.Wanted): void {
    const current = this.#current(wanted);
    if (current === undefined || current.revision.ended) return;
    const { document, revision } = current;
    const pieces = revision.wanted(wanted.digests);
    if (pieces === undefined) {
      const error = renderError("upload", "the server does not keep the files uploaded to it");
      this.#fail(document, revision, error);
      return;
    }
    for (const piece of pieces) this.#send(piece);
    this.#send(revision.render);
  }

  // Revisions

  /** The document and newest revision that a message is about; `undefined` for an older revision. */
  #current(about: { readonly document: number; readonly revision: number }) {
    const document = this.#documents.get(about.document);
    const revision = document?.newest;
    if (document === undefined || revision?.render.revision !== about.revision) return undefined;
    return { document, revision };
  }

  #cancel(document: Document, revision: Revision): void {
    if (document.newest !== revision || revision.ended || this.#state === "closed") return;
    revision.cancelled = true;
    const { render } = revision;
    this.#send({ kind: "cancel", document: render.document, revision: render.revision });
    this.#fail(document, revision, renderError("cancelled", "cancelled by the application"));
  }

  #fail(document: Document, revision: Revision, error: RenderError): void {
    revision.ended = true;
    revision.outcome.reject(error);
    this.#emitter.emit({
      type: "failed",
      document: document.number,
      revision: revision.render.revision,
      error,
    });
  }

  /** Chunks that were to come again are gone: only a new revision brings them. */
  #renderAgain(document: Document, revision: Revision): void {
    document.renew(revision);
    this.#send(revision.render);
  }

  // Ends

  #dropRequests(error: Error): void {
    for (const { outcome } of this.#files.values()) outcome.reject(error);
    for (const { outcome } of this.#pings.values()) outcome.reject(error);
    this.#pings.clear();
  }

  #closed(error: ScadstreamError | undefined): void {
    this.#state = "closed";
    const reason = error ?? new ClosedError();
    this.#dropRequests(reason);
    for (const { newest } of this.#documents.values()) newest?.outcome.reject(reason);
    this.#emitter.emit({ type: "closed", error });
  }

  // Helpers

  #send(message: m.ClientMessage): void {
    this.#link.send(encodeClientMessage(message), this.#connection);
  }

  #mustBeOpen(): void {
    if (this.#state === "closed") throw new ClosedError();
    if (this.#state !== "open") throw new ConnectionError("there is no connection", 1006, true);
  }

  #nextRequest(): number {
    this.#request += 1;
    return this.#request;
  }

  /** Faults of a message do not end anything: the application hears of them. */
  #reportingFaults(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof ScadstreamError)) throw error;
      this.#emitter.emit({ type: "error", error });
    }
  }

  #trimStore(): void {
    const inUse = new Set<m.ChunkHash>();
    for (const { complete, newest } of this.#documents.values()) {
      for (const scene of [complete, newest?.scene]) {
        for (const { hash } of scene?.chunks ?? []) inUse.add(hash);
      }
    }
    this.#store.trim(inUse);
  }
}

function renderError(code: FailureCode, message: string): RenderError {
  return new RenderError({ code, message, place: undefined, details: [] });
}

/** Calls `listener` when the signal is aborted, at once if it is already; the function returned ends that. */
function onAbort(signal: AbortSignalLike | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    listener();
    return () => {};
  }
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}
