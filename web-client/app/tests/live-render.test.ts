import type {
  Camera,
  Client,
  ClientEvent,
  Diagnostic,
  Scene,
  Statistics,
} from "@scadstream/client";
import { RenderError } from "@scadstream/client";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { LiveRender, type RenderSink } from "../src/live-render.js";

/** A client that takes renders and lets the test say what the server answers. */
class ScriptedClient {
  state: Client["state"] = "open";
  revision = 0;
  #listener: (event: ClientEvent) => void = () => undefined;

  onAny(listener: (event: ClientEvent) => void) {
    this.#listener = listener;
    return () => undefined;
  }

  render() {
    const revision = ++this.revision;
    return {
      document: 0,
      revision,
      result: () => new Promise(() => undefined),
      cancel: () => undefined,
    };
  }

  readonly look = vi.fn<Client["look"]>();

  scene() {
    return undefined;
  }

  emit(event: object): void {
    this.#listener({ document: 0, revision: this.revision, ...event } as ClientEvent);
  }
}

const STATISTICS: Statistics = {
  volume: 1,
  area: 6,
  bounds: undefined,
  genus: undefined,
  triangles: 12,
  vertices: 8,
  times: [],
  peakMemoryBytes: 0,
  bytesSent: 0,
  messagesSuppressed: 0,
  cells: 0,
  cellsCached: 0,
};
const WARNING: Diagnostic = { severity: "warning", message: "odd", place: undefined, hints: [] };

const CAMERA: Camera = { eye: [9, 0, 0], target: [0, 0, 0], fovDeg: 30, heightPx: 500 };

let client: ScriptedClient;
let live: LiveRender;
let states: string[];
let sink: { [K in keyof RenderSink]: ReturnType<typeof vi.fn<RenderSink[K]>> };

beforeEach(() => {
  vi.useFakeTimers();
  client = new ScriptedClient();
  states = [];
  sink = {
    state: vi.fn<RenderSink["state"]>((state, detail) => states.push(`${state} ${detail}`.trim())),
    progress: vi.fn<RenderSink["progress"]>(),
    messages: vi.fn<RenderSink["messages"]>(),
    parameters: vi.fn<RenderSink["parameters"]>(),
    scene: vi.fn<RenderSink["scene"]>(),
    chunk: vi.fn<RenderSink["chunk"]>(),
    result: vi.fn<RenderSink["result"]>(),
    times: vi.fn<RenderSink["times"]>(),
    pressure: vi.fn<RenderSink["pressure"]>(),
    forecast: vi.fn<RenderSink["forecast"]>(),
    trouble: vi.fn<RenderSink["trouble"]>(),
    drawn: vi.fn<RenderSink["drawn"]>(async () => undefined),
  };
  live = new LiveRender(client as unknown as Client, () => ({ files: [], camera: CAMERA }), sink);
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const scene = (level: string) => ({ revision: client.revision, level }) as Scene;

/** What the server sends for a model that renders. */
async function succeed(): Promise<void> {
  client.emit({ type: "scene-complete", scene: scene("exact") });
  client.emit({ type: "done", level: "exact", statistics: STATISTICS });
  await settle();
}

describe("edits", () => {
  it("render once, after a pause", () => {
    for (let key = 0; key < 5; key++) {
      live.changed();
      vi.advanceTimersByTime(100);
    }
    expect(client.revision).toBe(0);
    vi.advanceTimersByTime(100);
    expect(client.revision).toBe(1);
  });

  it("make what is still coming for older ones stale", async () => {
    live.now();
    const old = client.revision;
    live.now();
    client.emit({ type: "diagnostics", revision: old, list: [WARNING] });
    client.emit({ type: "scene-complete", scene: { revision: old, level: "exact" } });
    await settle();
    expect(sink.messages).not.toHaveBeenCalled();
    expect(sink.scene).not.toHaveBeenCalled();
  });
});

describe("moving the viewer", () => {
  it("is told a few times a second while a render works, and not after", async () => {
    live.moved();
    vi.advanceTimersByTime(1000);
    expect(client.look).not.toHaveBeenCalled();
    live.now();
    for (let frame = 0; frame < 60; frame++) {
      live.moved();
      vi.advanceTimersByTime(16);
    }
    expect(client.look.mock.calls.length).toBeGreaterThan(1);
    expect(client.look.mock.calls.length).toBeLessThan(6);
    expect(client.look).toHaveBeenLastCalledWith(CAMERA);
    await succeed();
    client.look.mockClear();
    vi.advanceTimersByTime(1000);
    live.moved();
    vi.advanceTimersByTime(1000);
    expect(client.look.mock.calls.length).toBeLessThan(2);
  });
});

describe("a render", () => {
  it("is exact once it is drawn", async () => {
    live.now();
    await succeed();
    expect(states).toEqual(["rendering", "exact"]);
    expect(sink.result).toHaveBeenCalledOnce();
  });

  it("shows the coarse picture first, with its time", async () => {
    live.now();
    vi.advanceTimersByTime(40);
    client.emit({ type: "scene-complete", scene: scene("coarse") });
    await settle();
    vi.advanceTimersByTime(60);
    await succeed();
    expect(states).toEqual(["rendering", "coarse", "exact"]);
    expect(sink.times.mock.calls.at(-1)?.[0]).toEqual({ firstPictureMs: 40, exactMs: 100 });
  });

  it("says what it will need until it is done, and no longer", async () => {
    live.now();
    client.emit({ type: "forecast", neededBytes: 3_100_000_000, limitBytes: 2_000_000_000 });
    const forecasts = () => sink.forecast.mock.calls.map(([forecast]) => forecast?.neededBytes);
    expect(forecasts()).toEqual([undefined, 3_100_000_000]);
    await succeed();
    expect(forecasts()).toEqual([undefined, 3_100_000_000, undefined]);
  });

  it("clears the messages of the text before when it has none", async () => {
    live.now();
    client.emit({ type: "diagnostics", list: [WARNING] });
    await succeed();
    expect(sink.messages.mock.calls.at(-1)?.[0]).toEqual([WARNING]);
    live.now();
    await succeed();
    expect(sink.messages.mock.calls.at(-1)?.[0]).toEqual([]);
  });
});

describe("a failure", () => {
  const place = { file: "a.scad", line: 3, column: 1, endLine: 3, endColumn: 2 };
  const fail = (code: "syntax" | "superseded") =>
    client.emit({
      type: "failed",
      error: new RenderError({ code, message: "bad", place, details: [] }),
    });

  it("is a message, and says where", () => {
    live.now();
    fail("syntax");
    expect(states.at(-1)).toBe("failed Syntax error in line 3");
    expect(sink.messages.mock.calls.at(-1)?.[0]).toMatchObject([
      { severity: "error", message: "bad", place },
    ]);
  });

  it("is not told twice when the server has sent it as a message too", () => {
    live.now();
    client.emit({ type: "diagnostics", list: [{ ...WARNING, severity: "error", place }] });
    fail("syntax");
    expect(sink.messages.mock.calls.at(-1)?.[0]).toHaveLength(1);
  });

  it("is none when a newer revision took its place", () => {
    live.now();
    fail("superseded");
    expect(states).toEqual(["rendering"]);
  });
});

describe("the connection", () => {
  it("is offline while it is lost, and renders again when it is back", () => {
    live.now();
    client.emit({ type: "diagnostics", list: [WARNING] });
    client.state = "reconnecting";
    client.emit({ type: "reconnecting", delayMs: 1000 });
    live.changed();
    client.state = "open";
    client.emit({ type: "open" });
    client.emit({ type: "diagnostics", list: [WARNING] });
    expect(states).toEqual(["rendering", "offline", "offline", "rendering"]);
    expect(sink.messages.mock.calls.at(-1)?.[0]).toEqual([WARNING]);
  });

  it("is offline from the start when it was lost before anybody listened", () => {
    client.state = "reconnecting";
    live.now();
    expect(states).toEqual(["offline"]);
  });

  it("passes on trouble and pressure", () => {
    live.now();
    client.emit({ type: "error", error: new Error("odd frame") });
    client.emit({ type: "pressure", level: "unknown-9", usedBytes: 1, limitBytes: 2 });
    expect(sink.trouble).toHaveBeenCalledWith("odd frame");
    expect(sink.pressure).toHaveBeenCalledWith({ level: "critical", usedBytes: 1, limitBytes: 2 });
  });
});
