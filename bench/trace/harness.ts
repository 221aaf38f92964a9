/**
 * Processes of the benchmark: a tool that is started, watched and interrupted, and the workload it watches. Relies on
 * /proc for the memory of a process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** What waits for a tool gives up after so long. */
const TEXT_TIMEOUT_MS = 30_000;

/** Only the end of what a tool prints is kept, to be searched. */
const KEPT_TEXT = 16_384;

/** Where commands run: the project's folder. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A tool that runs. */
export class RunningTool {
  readonly #child: Deno.ChildProcess;
  readonly #started = performance.now();
  readonly #readers: Promise<void>[];
  #text = "";
  #onText = (): void => {};
  #ended = false;

  /**
   * @param argv The command.
   * @param env Variables beside those of this process.
   */
  constructor(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const [program = "", ...args] = argv;
    this.#child = new Deno.Command(program, {
      args,
      env: { NO_COLOR: "1", ...env },
      cwd: ROOT,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#readers = [this.#read(this.#child.stdout), this.#read(this.#child.stderr)];
    void this.#child.status.then(() => {
      this.#ended = true;
      this.#onText();
    });
  }

  /** What it printed, or the end of it. */
  get text(): string {
    return this.#text;
  }

  /**
   * Waits until the tool has printed something.
   *
   * @param text What is waited for.
   * @returns ms since the start.
   * @throws {Error} If it ends, or half a minute goes by, without.
   */
  async untilText(text: string): Promise<number> {
    const deadline = setTimeout(() => this.#child.kill("SIGKILL"), TEXT_TIMEOUT_MS);
    try {
      while (!this.#text.includes(text)) {
        if (this.#ended) throw new Error(`it ended without ${JSON.stringify(text)}: ${this.#text.trim()}`);
        await new Promise<void>((resolve) => this.#onText = resolve);
      }
      return performance.now() - this.#started;
    } finally {
      clearTimeout(deadline);
    }
  }

  /** The most memory it has had at a time, in bytes; null once it has ended. */
  peakBytes(): number | null {
    try {
      return peakOf(Deno.readTextFileSync(`/proc/${this.#child.pid}/status`));
    } catch {
      return null;
    }
  }

  /**
   * Interrupts it and waits for its end.
   *
   * @param boundMs Killed after so long.
   * @returns ms from the signal to the end, and whether it ended of itself; the status where it did.
   */
  async stop(boundMs: number): Promise<{ ms: number; killed: boolean; code: number }> {
    if (this.#ended) throw new Error(`it had ended before it was interrupted: ${this.#text.trim()}`);
    let killed = false;
    const bound = setTimeout(() => {
      killed = true;
      this.#child.kill("SIGKILL");
    }, boundMs);
    const begin = performance.now();
    this.#child.kill("SIGINT");
    const { code } = await this.#child.status;
    const ms = performance.now() - begin;
    clearTimeout(bound);
    await Promise.all(this.#readers);
    return { ms, killed, code };
  }

  /** Ends it at once, whatever it does. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGKILL");
    await this.#child.status;
    await Promise.all(this.#readers);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#text = (this.#text + decoder.decode(chunk, { stream: true })).slice(-KEPT_TEXT);
      this.#onText();
    }
  }
}

/**
 * Reads the peak of resident memory.
 *
 * @param status The text of /proc/PID/status.
 * @returns Bytes, or null where the text does not say.
 */
export function peakOf(status: string): number | null {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** The compiled workload. */
export class Workload implements Disposable {
  readonly #folder: string;
  readonly #path: string;
  #ticker: Deno.ChildProcess | null = null;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#path = `${folder}/workload`;
  }

  /**
   * Compiles it.
   *
   * @throws {Error} If there is no C compiler.
   */
  static async compile(): Promise<Workload> {
    const workload = new Workload(await Deno.makeTempDir());
    const source = fileURLToPath(new URL("workload.c", import.meta.url));
    try {
      const command = new Deno.Command("cc", { args: ["-O2", "-o", workload.#path, source] });
      const { success, stderr } = await command.output();
      if (!success) throw new Error(new TextDecoder().decode(stderr));
      return workload;
    } catch (error) {
      workload[Symbol.dispose]();
      throw new Error(`Cannot compile ${source}: install gcc (apt-get install gcc libc6-dev)`, {
        cause: error,
      });
    }
  }

  /** Starts /bin/true again and again until `stopTicking`. */
  startTicking(everyMs: number): void {
    this.#ticker = new Deno.Command(this.#path, { args: ["tick", String(everyMs)], stdin: "null" }).spawn();
  }

  /** Ends what `startTicking` started. */
  async stopTicking(): Promise<void> {
    const ticker = this.#ticker;
    this.#ticker = null;
    ticker?.kill("SIGKILL");
    await ticker?.status;
  }

  /**
   * Opens and closes a file.
   *
   * @param count How often.
   * @returns What one time took, in ns: by the clock, and of the CPU.
   */
  async pairs(count: number): Promise<{ nsPerPair: number; cpuNsPerPair: number }> {
    const command = new Deno.Command(this.#path, { args: ["pairs", String(count)], stdin: "null" });
    const { stdout } = await command.output();
    const [nsPerPair = NaN, cpuNsPerPair = NaN] = new TextDecoder().decode(stdout).split(" ").map(Number);
    if (!(nsPerPair > 0 && cpuNsPerPair > 0)) {
      throw new Error("Cannot measure the overhead: the workload printed no time");
    }
    return { nsPerPair, cpuNsPerPair };
  }

  /** Ends what runs and removes the program. */
  [Symbol.dispose](): void {
    this.#ticker?.kill("SIGKILL");
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** Lets time go by. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
