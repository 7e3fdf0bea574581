/**
 * Keeps what is shown in step with what is typed: sends a render after a short pause in the edits, and turns the
 * client's events into what the page shows. Only the newest revision counts; a broken one leaves the last good picture.
 */

import {
  type Client,
  type ClientEvent,
  type Diagnostic,
  type Parameter,
  type Rendering,
  type RenderRequest,
  ScadstreamError,
  type Scene,
  type SceneChunk,
  type ServerError,
  type Statistics,
} from "@scadstream/client";
import type {
  ForecastFacts,
  PressureFacts,
  ProgressFacts,
  State,
  Times,
} from "./panels/status-bar.js";

/** A pause of this length in the edits starts a render. Picked by hand: shorter than between words, longer than between letters. */
const PAUSE_MS = 150;
/** Time between two words to the server on where the viewer stands. */
const LOOK_MS = 250;

/** What the page shows of a render. Everything is about the newest revision. */
export interface RenderSink {
  state(state: State, detail: string): void;
  progress(progress: ProgressFacts): void;
  messages(messages: readonly Diagnostic[]): void;
  parameters(parameters: readonly Parameter[]): void;
  /** A scene is announced, or more of it, or it is complete (`scene.complete`). */
  scene(scene: Scene): void;
  chunk(chunk: SceneChunk): void;
  result(statistics: Statistics, scene: Scene | undefined): void;
  times(times: Times): void;
  pressure(pressure: PressureFacts): void;
  /** The render needs more memory than it may have; `undefined` when nothing is known of that. */
  forecast(forecast: ForecastFacts | undefined): void;
  /** Something that belongs to no document. */
  trouble(message: string): void;
  /** Resolves when what was given to the sink so far is on screen. */
  drawn(): Promise<void>;
}

/** Renders one document as it changes. */
export class LiveRender {
  readonly #client: Client;
  readonly #request: () => RenderRequest;
  readonly #sink: RenderSink;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lookTimer: ReturnType<typeof setTimeout> | undefined;
  #rendering: Rendering | undefined;
  #sentAtMs = 0;
  #times: Times = { firstPictureMs: undefined, exactMs: undefined };
  #messages: Diagnostic[] = [];
  #state: State = "connecting";

  /** `request` gives the document as it is when a render is sent. */
  constructor(client: Client, request: () => RenderRequest, sink: RenderSink) {
    this.#client = client;
    this.#request = request;
    this.#sink = sink;
    client.onAny((event) => this.#receive(event));
  }

  /** The document changed: renders after a pause. */
  changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(), PAUSE_MS);
    this.#expect();
  }

  /** Renders at once. */
  now(): void {
    clearTimeout(this.#timer);
    this.#times = { firstPictureMs: undefined, exactMs: undefined };
    this.#messages = [];
    this.#sink.forecast(undefined);
    this.#sentAtMs = performance.now();
    try {
      this.#rendering = this.#client.render(this.#request());
    } catch (error) {
      // The document is against the protocol's limits, or the session has ended.
      if (!(error instanceof ScadstreamError)) throw error;
      this.#sink.trouble(error.message);
      this.#setState("failed", "Not sent");
      return;
    }
    // Failures come as events too, in order with everything else.
    this.#rendering.result().catch(() => undefined);
    this.#expect();
  }

  /** The viewer was moved: what it sees best now should come first. Told a few times a second. */
  moved(): void {
    const works = ["rendering", "coarse"].includes(this.#state);
    if (!works || this.#lookTimer !== undefined) return;
    this.#lookTimer = setTimeout(() => {
      this.#lookTimer = undefined;
      const { camera } = this.#request();
      if (camera !== undefined) this.#client.look(camera);
    }, LOOK_MS);
  }

  /** What an edit leads to. The connection may have been lost before anybody listened. */
  #expect(): void {
    const { state } = this.#client;
    if (state === "open") this.#setState("rendering");
    else this.#setState(state === "connecting" ? "connecting" : "offline");
  }

  #receive(event: ClientEvent): void {
    if (this.#isStale(event)) return;
    switch (event.type) {
      case "open":
        // The client has sent the newest render again; its messages will come again.
        this.#messages = [];
        this.#setState("rendering");
        break;
      case "reconnecting":
        this.#setState("offline");
        break;
      case "closed":
        this.#setState("offline", event.error?.message);
        break;
      case "queued":
        this.#setState("queued", event.position > 0 ? `${event.position} ahead` : "");
        break;
      case "forecast":
        this.#sink.forecast(event);
        break;
      case "progress":
        this.#progress(event);
        break;
      case "diagnostics":
        this.#messages.push(...event.list);
        this.#sink.messages(this.#messages);
        break;
      case "parameters":
        this.#sink.parameters(event.list);
        break;
      case "scene-start":
      case "scene-extended":
        this.#sink.scene(event.scene);
        break;
      case "chunk":
        this.#sink.chunk(event.chunk);
        break;
      case "scene-complete":
        this.#sink.scene(event.scene);
        void this.#pictureComplete(event.scene);
        break;
      case "done":
        void this.#done(event);
        break;
      case "failed":
        this.#failed(event.error);
        break;
      case "pressure":
        this.#pressure(event);
        break;
      case "error":
        this.#sink.trouble(event.error.message);
        break;
    }
  }

  /** Whether the event is about a revision that a newer one has replaced. */
  #isStale(event: ClientEvent): boolean {
    const about =
      "scene" in event ? event.scene.revision : "revision" in event ? event.revision : undefined;
    return about !== undefined && about !== this.#rendering?.revision;
  }

  #progress({ stage, fraction, place }: Extract<ClientEvent, { type: "progress" }>): void {
    if (this.#state === "queued") this.#setState("rendering");
    this.#sink.progress({ stage, fraction, line: place?.line });
  }

  async #pictureComplete(scene: Scene): Promise<void> {
    const rendering = this.#rendering;
    await this.#sink.drawn();
    if (rendering !== this.#rendering) return;
    const elapsedMs = performance.now() - this.#sentAtMs;
    this.#times = {
      firstPictureMs: this.#times.firstPictureMs ?? elapsedMs,
      exactMs: scene.level === "exact" ? (this.#times.exactMs ?? elapsedMs) : undefined,
    };
    this.#sink.times(this.#times);
    if (scene.level === "coarse") this.#setState("coarse");
  }

  async #done({ statistics }: Extract<ClientEvent, { type: "done" }>): Promise<void> {
    const rendering = this.#rendering;
    this.#sink.messages(this.#messages);
    this.#sink.result(statistics, this.#client.scene());
    this.#sink.forecast(undefined);
    await this.#sink.drawn();
    if (rendering === this.#rendering) this.#setState("exact");
  }

  #failed(error: ServerError): void {
    if (error.code === "superseded" || error.code === "cancelled") return;
    // A syntax error comes as a message too; once is enough.
    if (!this.#messages.some(({ severity }) => severity === "error")) {
      this.#messages.push({
        severity: "error",
        message: error.message,
        place: error.place,
        hints: [],
      });
    }
    this.#sink.messages(this.#messages);
    const line = error.place === undefined ? "" : ` in line ${error.place.line}`;
    this.#setState("failed", `${FAILURES[error.code] ?? "The render failed"}${line}`);
  }

  #pressure({ level, usedBytes, limitBytes }: Extract<ClientEvent, { type: "pressure" }>): void {
    const known = PRESSURE_LEVELS.find((name) => name === level) ?? "critical";
    this.#sink.pressure({ level: known, usedBytes, limitBytes });
  }

  #setState(state: State, detail = ""): void {
    this.#state = state;
    this.#sink.state(state, detail);
  }
}

/** A level that a later server may add lies above those known. */
const PRESSURE_LEVELS = ["low", "moderate", "high", "critical"] as const;

/** What a failure is, in a few words for the status bar; the console has the whole message. */
const FAILURES: Readonly<Record<string, string>> = {
  syntax: "Syntax error",
  evaluation: "Stopped",
  geometry: "Geometry error",
  "memory-limit": "Needs too much memory",
  "time-limit": "Takes too long",
  "worker-lost": "The server lost this render",
  overloaded: "The server is busy",
  "too-large": "The document is too large",
  file: "A file is missing",
};
