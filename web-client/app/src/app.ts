/** The app: the document, its picture, and what the user can do with them. */

import {
  type Client,
  type Diagnostic,
  ExportError,
  type ExportFormat,
  type Place,
  type RenderRequest,
  ScadstreamError,
  type Scene,
  type Statistics,
} from "@scadstream/client";
import type { ViewPreset } from "@scadstream/viewer";
import { button } from "./dom.js";
import { LiveRender, type RenderSink } from "./live-render.js";
import { chooseFiles, saveFile } from "./local-files.js";
import { loadDocument, type ModelDocument, readFile } from "./model-document.js";
import { OpenFiles } from "./open-files.js";
import { layOut } from "./page.js";
import { Console } from "./panels/console.js";
import { Customizer } from "./panels/customizer.js";
import { ExportMenu } from "./panels/export-menu.js";
import { createHelpDialog } from "./panels/help-dialog.js";
import { Notices } from "./panels/notices.js";
import { type ResultFacts, type State, StatusBar } from "./panels/status-bar.js";
import SAMPLE from "./planetary_gears.scad?raw";
import { fromFragment, LONG_LINK, type SharedDocument, toFragment } from "./share.js";
import { bindShortcuts } from "./shortcuts.js";
import { initTheme } from "./theme.js";
import { type ViewPanelModule, ViewPort } from "./view/view-port.js";

const SAMPLE_NAME = "planetary_gears.scad";

const VIEW_KEYS: readonly (ViewPreset | undefined)[] = [undefined, "iso", "front", "top", "right"];

/**
 * Builds the page around `client` and renders the document. `server` is the stream's address, for messages; `viewPanel`
 * may still be loading.
 */
export async function startApp(
  client: Client,
  server: URL,
  viewPanel: Promise<ViewPanelModule>,
): Promise<void> {
  const notices = new Notices();
  const shared = await fromFragment(location.hash).catch((error: Error) => {
    notices.say(`The document could not be opened: ${error.message}.`);
    return undefined;
  });
  watchConnection(client, server, notices);
  new App(client, notices, viewPanel, shared).render();
}

class App {
  readonly #client: Client;
  readonly #notices: Notices;
  readonly #status = new StatusBar();
  readonly #view: ViewPort;
  readonly #help = createHelpDialog();
  readonly #console = new Console((place) => this.#goTo(place));
  readonly #customizer = new Customizer(() => this.#changed());
  readonly #exports = new ExportMenu((format) => void this.#export(format));
  readonly #files: OpenFiles;
  readonly #live: LiveRender;

  constructor(
    client: Client,
    notices: Notices,
    viewPanel: Promise<ViewPanelModule>,
    shared: SharedDocument | undefined,
  ) {
    this.#client = client;
    this.#notices = notices;
    this.#view = new ViewPort(
      viewPanel,
      (picture) => saveFile(`${this.#stem}.png`, picture, "image/png"),
      () => this.#live.moved(),
    );
    this.#files = new OpenFiles(initialDocument(shared), () => this.#changed());
    this.#customizer.preset(shared?.overrides ?? {});
    this.#live = new LiveRender(client, () => this.#request(), this.#sink());
    const switchTheme = initTheme((dark) => {
      this.#files.editor.dark = dark;
      this.#view.setDark(dark);
    });
    layOut({
      banner: notices.banner,
      actions: this.#actions(switchTheme),
      tabs: this.#files.tabs,
      editorHost: this.#files.area,
      console: this.#console.element,
      viewHost: this.#view.element,
      customizer: this.#customizer.element,
      statusBar: this.#status.element,
    });
    document.body.append(this.#help, notices.toast);
    bindShortcuts({
      save: () => this.#save(),
      open: () => void this.#openChosen(),
      render: () => this.render(),
      view: (number) => this.#view.panel?.viewer.fit(VIEW_KEYS[number]),
    });
    this.#acceptDrops();
  }

  /** Renders the document as it is, at once. */
  render(): void {
    this.#live.now();
  }

  get #stem(): string {
    return this.#files.document.main.replace(/\.scad$/i, "");
  }

  #actions(switchTheme: () => void): HTMLElement[] {
    const small = "button icon-button";
    return [
      button({ label: "Open", icon: "open", text: true, onClick: () => void this.#openChosen() }),
      button({ label: "Save", icon: "save", text: true, onClick: () => this.#save() }),
      button({ label: "Share", icon: "share", text: true, onClick: () => void this.#share() }),
      this.#exports.element,
      button({ label: "Light or dark", icon: "theme", class: small, onClick: switchTheme }),
      button({
        label: "Keys and gestures",
        icon: "help",
        class: small,
        onClick: () => this.#help.showModal(),
      }),
    ];
  }

  #changed(): void {
    // The link that the page was opened with is no longer what it shows.
    if (location.hash !== "") history.replaceState(null, "", location.pathname + location.search);
    this.#exports.enableAll();
    this.#live.changed();
  }

  #request(): RenderRequest {
    const overrides = Array.from(this.#customizer.overrides, ([name, expression]) => ({
      name,
      expression,
    }));
    const camera = this.#view.panel?.viewer.viewpoint;
    return { files: this.#files.inOrder(), overrides, ...(camera === undefined ? {} : { camera }) };
  }

  #sink(): RenderSink {
    return {
      state: (state, detail) => this.#showState(state, detail),
      progress: (progress) => this.#status.setProgress(progress),
      messages: (messages) => this.#showMessages(messages),
      parameters: (parameters) => this.#customizer.show(parameters),
      scene: (scene) => this.#view.showScene(scene),
      chunk: (chunk) => this.#view.showChunk(chunk),
      result: (statistics, scene) => this.#status.setResult(resultFacts(statistics, scene)),
      times: (times) => this.#status.setTimes(times),
      pressure: (pressure) => this.#status.setPressure(pressure),
      forecast: (forecast) => this.#status.setForecast(forecast),
      trouble: (message) => this.#notices.say(message),
      drawn: () => this.#view.drawn(),
    };
  }

  #showState(state: State, detail: string): void {
    this.#status.setState(state, detail);
    this.#view.setStale(state === "failed");
    document.documentElement.dataset.state = state;
  }

  #showMessages(messages: readonly Diagnostic[]): void {
    this.#console.show(messages);
    this.#files.showMessages(messages);
  }

  #goTo(place: Place): void {
    if (this.#files.goTo(place)) return;
    this.#notices.say(`${place.file} is one of the server's libraries; it cannot be shown here.`);
  }

  #save(): void {
    saveFile(this.#files.document.main, this.#files.mainText, "text/plain");
  }

  async #openChosen(): Promise<void> {
    await this.#take(await chooseFiles());
  }

  /** One model opens in place of the present one; anything else joins it. */
  async #take(files: readonly File[]): Promise<void> {
    const read = await Promise.all(
      files.map(async (file) => [file.name, await readFile(file)] as const),
    );
    const [first] = read;
    if (first === undefined) return;
    const [name, content] = first;
    if (read.length === 1 && /\.scad$/i.test(name) && typeof content === "string") {
      this.#customizer.clear();
      this.#files.openMain(name, content);
      return;
    }
    this.#files.add(read);
    const names = read.map(([added]) => added).join(", ");
    this.#notices.say(`Added beside the model: ${names}`);
  }

  #acceptDrops(): void {
    document.addEventListener("dragover", (event) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    });
    // Captured: the editor would paste the file's text at the pointer.
    document.addEventListener(
      "drop",
      (event) => {
        const files = [...(event.dataTransfer?.files ?? [])];
        if (files.length === 0) return;
        event.preventDefault();
        event.stopPropagation();
        void this.#take(files);
      },
      { capture: true },
    );
  }

  async #share(): Promise<void> {
    const { main, files } = this.#files.document;
    const texts: Record<string, string> = {};
    const left: string[] = [];
    for (const [name, content] of files) {
      if (typeof content === "string") texts[name] = content;
      else left.push(name);
    }
    const overrides = Object.fromEntries(this.#customizer.overrides);
    const fragment = await toFragment({ name: main, files: texts, overrides });
    history.replaceState(null, "", fragment);
    const notes = [await copy(location.href)];
    if (left.length > 0) notes.push(`It does not carry ${left.join(", ")}.`);
    if (fragment.length > LONG_LINK) notes.push("It is long; some programs cut such links.");
    this.#notices.say(notes.join(" "));
  }

  async #export(format: ExportFormat): Promise<void> {
    this.#notices.say("Exporting the exact result …");
    try {
      const { name, bytes } = await this.#client.export(format);
      saveFile(name, bytes);
      this.#notices.say(`Saved ${name}.`);
    } catch (error) {
      if (!(error instanceof ScadstreamError)) throw error;
      const isUnsupported = error instanceof ExportError && error.code === "unsupported-format";
      if (isUnsupported) this.#exports.disable(format);
      this.#notices.say(`The export failed: ${error.message}`);
    }
  }
}

/** What a link carries, what was open at the last visit, or the sample. */
function initialDocument(shared: SharedDocument | undefined): ModelDocument {
  if (shared !== undefined) {
    return { main: shared.name, files: new Map(Object.entries(shared.files)) };
  }
  return loadDocument() ?? { main: SAMPLE_NAME, files: new Map([[SAMPLE_NAME, SAMPLE]]) };
}

/** Says what the user needs to know about the connection. */
function watchConnection(client: Client, server: URL, notices: Notices): void {
  let wasOpen = client.state === "open";
  const lost = (again: string) =>
    notices.showBanner(
      wasOpen
        ? `The connection is lost. ${again} Your text is safe; go on typing.`
        : `The server at ${server.host} does not answer. Is scadstream running there? ${again}`,
    );
  // The connection was begun before the page was there to listen.
  if (client.state === "reconnecting") lost("Trying again.");
  client.on("open", () => {
    wasOpen = true;
    notices.hideBanner();
  });
  client.on("reconnecting", ({ delayMs }) => {
    lost(`Trying again in ${Math.max(1, Math.round(delayMs / 1000))} s.`);
  });
  client.on("closed", ({ error }) => {
    if (error !== undefined) notices.showBanner(`The session has ended: ${error.message}`);
  });
}

function resultFacts(statistics: Statistics, scene: Scene | undefined): ResultFacts {
  const { bounds } = statistics;
  return {
    triangles: statistics.triangles,
    vertices: statistics.vertices,
    volume: statistics.volume,
    area: statistics.area,
    isFlat: scene?.parts.some(({ kind }) => kind === "flat") ?? false,
    size: bounds && [
      bounds.max[0] - bounds.min[0],
      bounds.max[1] - bounds.min[1],
      bounds.max[2] - bounds.min[2],
    ],
    bytes: statistics.bytesSent,
  };
}

async function copy(link: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(link);
    return "A link to this document is copied.";
  } catch {
    // Without leave to use the clipboard the link can still be taken from the address bar.
    return "The link to this document is in the address bar.";
  }
}
