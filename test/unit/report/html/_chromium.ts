/**
 * A headless Chromium for the tests of pages, driven by the DevTools protocol. Tests that need it are skipped where there is
 * none, and say so.
 */

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];

const OBSTACLE = findProgram() === null ? "no chromium in PATH: apt-get install chromium" : null;

/** How a page is looked at. */
export interface Look {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
  /** Paper in place of a screen. */
  readonly isPrint?: boolean;
}

/** A page that was loaded. */
export interface OpenPage {
  /** What the script threw, what the console said and what was asked of the network, up to now. */
  readonly complaints: readonly string[];
  /** The value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** All of the page as PNG. */
  screenshot(): Promise<Uint8Array>;
}

/**
 * Declares a test that looks at pages.
 *
 * @param name What must hold, as a sentence.
 * @param body The test.
 */
export function chromiumTest(name: string, body: (chromium: Chromium) => Promise<void>): void {
  Deno.test({
    name: OBSTACLE === null ? name : `${name} (not here: ${OBSTACLE})`,
    ignore: OBSTACLE !== null,
    async fn(): Promise<void> {
      await using chromium = await Chromium.start();
      await body(chromium);
    },
  });
}

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A running browser. */
export class Chromium implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #socket: WebSocket;
  readonly #folder: string;
  readonly #drained: Promise<void>;
  readonly #waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  readonly #listeners = new Map<string, (message: Message) => void>();
  #id = 0;

  private constructor(
    process: Deno.ChildProcess,
    socket: WebSocket,
    folder: string,
    stderr: ReadableStreamDefaultReader<Uint8Array>,
  ) {
    this.#process = process;
    this.#socket = socket;
    this.#folder = folder;
    this.#drained = drain(stderr);
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
  }

  /** Starts a browser with a profile of its own. */
  static async start(): Promise<Chromium> {
    const folder = await Deno.makeTempDir({ prefix: "eventpipe-chromium-" });
    const process = new Deno.Command(findProgram()!, {
      args: [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--remote-debugging-port=0",
        `--user-data-dir=${folder}`,
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const stderr = process.stderr.getReader();
    const socket = new WebSocket(await addressFrom(stderr));
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return new Chromium(process, socket, folder, stderr);
  }

  /**
   * Loads a page and lets `look` examine it.
   *
   * @param url Of the page.
   * @param options How it is looked at.
   * @param look What to do with it.
   */
  async open(url: string, options: Look, look: (page: OpenPage) => Promise<void>): Promise<void> {
    const { targetId } = await this.#send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.#send("Target.attachToTarget", { targetId, flatten: true });
    const session = String(sessionId);
    const complaints: string[] = [];
    const loaded = Promise.withResolvers<void>();
    this.#listeners.set(session, ({ method, params = {} }) => {
      if (method === "Page.loadEventFired") loaded.resolve();
      if (method === "Runtime.exceptionThrown" || method === "Log.entryAdded") {
        complaints.push(JSON.stringify(params));
      }
      if (method === "Runtime.consoleAPICalled") complaints.push(JSON.stringify(params));
      const asked = (params.request as { readonly url?: string } | undefined)?.url;
      if (method === "Network.requestWillBeSent" && asked !== url) complaints.push(`asked for ${asked}`);
    });
    const send = (method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> =>
      this.#send(method, params, session);
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await send(`${domain}.enable`);
    await send("Emulation.setDeviceMetricsOverride", {
      width: options.width,
      height: options.height,
      deviceScaleFactor: 1,
      mobile: options.width < 600,
    });
    await send("Emulation.setEmulatedMedia", {
      media: options.isPrint ? "print" : "screen",
      features: [{ name: "prefers-color-scheme", value: options.scheme }],
    });
    await send("Page.navigate", { url });
    await loaded.promise;
    try {
      await look({
        complaints,
        async evaluate<T>(expression: string): Promise<T> {
          const { result, exceptionDetails } = await send("Runtime.evaluate", {
            expression,
            returnByValue: true,
          });
          if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
          return (result as { readonly value: T }).value;
        },
        async screenshot(): Promise<Uint8Array> {
          const { data } = await send("Page.captureScreenshot", {
            captureBeyondViewport: true,
            format: "png",
          });
          return Uint8Array.fromBase64(String(data));
        },
      });
    } finally {
      this.#listeners.delete(session);
      await this.#send("Target.closeTarget", { targetId });
    }
  }

  /** Ends the browser and removes its profile. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    // It may be gone before it answers.
    this.#send("Browser.close", {});
    await closed;
    await this.#drained;
    await this.#process.status;
    await Deno.remove(this.#folder, { recursive: true });
  }

  #send(
    method: string,
    params: Record<string, unknown>,
    sessionId?: string,
  ): Promise<Record<string, unknown>> {
    const id = ++this.#id;
    const answer = Promise.withResolvers<Record<string, unknown>>();
    this.#waiting.set(id, answer);
    this.#socket.send(
      JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }),
    );
    return answer.promise;
  }

  #receive(message: Message): void {
    if (message.id === undefined) {
      this.#listeners.get(message.sessionId ?? "")?.(message);
      return;
    }
    const answer = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error === undefined) answer?.resolve(message.result ?? {});
    else answer?.reject(new Error(message.error.message));
  }
}

/** Chromium says on stderr where it listens. */
async function addressFrom(stderr: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await stderr.read();
    text += decoder.decode(value, { stream: true });
    const found = /DevTools listening on (\S+)/.exec(text)?.[1];
    if (found !== undefined) return found;
    if (done) throw new Error(`Chromium did not start:\n${text}`);
  }
}

/** Reads what it says further, so that it never waits for somebody to read it. */
async function drain(stderr: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await stderr.read()).done);
}

function findProgram(): string | null {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    for (const program of PROGRAMS) {
      try {
        if (Deno.statSync(`${folder}/${program}`).isFile) return `${folder}/${program}`;
      } catch {
        // Not there.
      }
    }
  }
  return null;
}
