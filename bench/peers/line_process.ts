/**
 * A process that answers a line with a line: started, asked, ended. Every wait has a bound, and one that fails in any way
 * ends as an error that says what it printed.
 *
 * @module
 */

/** How a process is started. */
export interface LineProcessOptions {
  /** Its name in the run. */
  readonly name: string;
  /** The command. */
  readonly argv: readonly string[];
  /** How long it may be silent, in ms; half a minute unless given. */
  readonly timeoutMs?: number;
}

/** Longer than any block or start takes on a busy machine. */
const TIMEOUT_MS = 30_000;

/** Only the end of what a peer complains about is kept. */
const KEPT_COMPLAINT = 4096;

/** A running process. */
export class LineProcess implements AsyncDisposable {
  /** Its name in the run. */
  readonly name: string;
  readonly #timeoutMs: number;
  readonly #child: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<Uint8Array>;
  readonly #complaints: Promise<void>;
  readonly #decoder = new TextDecoder();
  #text = "";
  #complaint = "";
  #closed = false;

  /**
   * Starts it. End it with `close`, or declare it with `await using`.
   *
   * @param options Its command.
   * @throws {Deno.errors.NotFound} If there is no such program.
   */
  constructor({ name, argv, timeoutMs = TIMEOUT_MS }: LineProcessOptions) {
    const [program = "", ...args] = argv;
    this.name = name;
    this.#timeoutMs = timeoutMs;
    const command = new Deno.Command(program, {
      args,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
    this.#child = command.spawn();
    this.#requests = this.#child.stdin.getWriter();
    this.#answers = this.#child.stdout.getReader();
    this.#complaints = this.#readComplaints();
  }

  /** Its number in the system. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Asks and waits for the answer.
   *
   * @param request A line with its end; empty to wait for a line that comes by itself.
   * @param action What it is to do, as the end of "did not ...".
   * @returns The line without its end.
   * @throws {Error} If it ends or is silent for too long.
   */
  async ask(request: string, action: string): Promise<string> {
    try {
      if (request !== "") await this.#requests.write(new TextEncoder().encode(request));
    } catch {
      // It has ended; the answer tells why.
    }
    return await this.#line(action);
  }

  /**
   * What is thrown where it did not do something.
   *
   * @param action What it was to do, as the end of "did not ...".
   * @param reason Why.
   * @returns The error, with what the process complained about.
   */
  failure(action: string, reason: string): Error {
    const complaint = this.#complaint.trim();
    const said = complaint === "" ? "" : `; it said: ${complaint}`;
    return new Error(`The peer ${this.name} did not ${action}: ${reason}${said}`);
  }

  /** Closes its stdin and waits for its end; kills it if it does not end. Safe to call again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const bound = setTimeout(() => this.#child.kill("SIGKILL"), this.#timeoutMs);
    await this.#requests.close().catch(() => {}); // broken where the peer has ended
    await this.#answers.cancel();
    await this.#complaints;
    await this.#child.status;
    clearTimeout(bound);
  }

  /** Closes it, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #line(action: string): Promise<string> {
    let silent = false;
    const bound = setTimeout(() => {
      silent = true;
      this.#child.kill("SIGKILL");
    }, this.#timeoutMs);
    try {
      for (;;) {
        const end = this.#text.indexOf("\n");
        if (end !== -1) {
          const line = this.#text.slice(0, end);
          this.#text = this.#text.slice(end + 1);
          return line;
        }
        const { value, done } = await this.#answers.read();
        if (done) {
          if (silent) throw this.failure(action, `it was silent for ${this.#timeoutMs} ms`);
          await this.#complaints;
          throw this.failure(action, "it ended");
        }
        this.#text += this.#decoder.decode(value, { stream: true });
      }
    } finally {
      clearTimeout(bound);
    }
  }

  async #readComplaints(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stderr) {
      this.#complaint = (this.#complaint + decoder.decode(chunk, { stream: true })).slice(-KEPT_COMPLAINT);
    }
  }
}
