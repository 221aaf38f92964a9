/**
 * A peer's process, seen from the harness: started, asked for blocks, ended. Every wait has a bound, and a peer that fails
 * in any way ends as an error that says what it printed. Relies on protocol.ts.
 *
 * @module
 */

import type { Arm } from "../measure/blocks.ts";
import { blockRequest, type PeerAnswer, type PeerBlock, readPeerAnswer } from "./protocol.ts";

/** How a peer is started. */
export interface PeerOptions {
  /** Its name in the run. */
  readonly name: string;
  /** The command. */
  readonly argv: readonly string[];
  /** How often it fills and reads its ring in a block. */
  readonly fills: number;
  /** How long it may be silent, in ms; half a minute unless given. */
  readonly timeoutMs?: number;
}

/** Longer than any block or start takes on a busy machine. */
const TIMEOUT_MS = 30_000;

/** Only the end of what a peer complains about is kept. */
const KEPT_COMPLAINT = 4096;

/** A running peer. */
export class Peer implements Arm<PeerBlock>, AsyncDisposable {
  /** Its name in the run. */
  readonly name: string;
  readonly #fills: number;
  readonly #timeoutMs: number;
  readonly #child: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<Uint8Array>;
  readonly #complaints: Promise<void>;
  readonly #decoder = new TextDecoder();
  #text = "";
  #complaint = "";
  #closed = false;

  private constructor({ name, argv, fills, timeoutMs = TIMEOUT_MS }: PeerOptions) {
    const [program = "", ...args] = argv;
    this.name = name;
    this.#fills = fills;
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

  /**
   * Starts a peer and waits until it is ready.
   *
   * @param options Its command.
   * @returns The peer; end it with `close`, or declare it with `await using`.
   * @throws {Error} If it does not start, or says that it cannot.
   */
  static async start(options: PeerOptions): Promise<Peer> {
    const peer = new Peer(options);
    try {
      const answer = await peer.#answer("start");
      if (!("ready" in answer)) throw new Error(peer.#failure("start", JSON.stringify(answer)));
      return peer;
    } catch (error) {
      await peer.close();
      throw error;
    }
  }

  /**
   * Has it do a block.
   *
   * @param seed What its events are drawn from.
   * @returns What it took.
   * @throws {Error} If it fails, ends or is silent for too long.
   */
  async block(seed: number): Promise<PeerBlock> {
    const action = "do a block";
    try {
      await this.#requests.write(new TextEncoder().encode(blockRequest(seed, this.#fills)));
    } catch {
      // It has ended; the answer tells why.
    }
    const answer = await this.#answer(action);
    if (!("events" in answer)) throw new Error(this.#failure(action, JSON.stringify(answer)));
    return answer;
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

  async #answer(action: string): Promise<PeerAnswer> {
    const line = await this.#line(action);
    const answer = readPeerAnswer(line);
    if ("error" in answer) throw new Error(this.#failure(action, answer.error));
    return answer;
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
          if (silent) throw new Error(this.#failure(action, `it was silent for ${this.#timeoutMs} ms`));
          await this.#complaints;
          throw new Error(this.#failure(action, "it ended"));
        }
        this.#text += this.#decoder.decode(value, { stream: true });
      }
    } finally {
      clearTimeout(bound);
    }
  }

  #failure(action: string, reason: string): string {
    const complaint = this.#complaint.trim();
    return `The peer ${this.name} did not ${action}: ${reason}${
      complaint === "" ? "" : `; it said: ${complaint}`
    }`;
  }

  async #readComplaints(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stderr) {
      this.#complaint = (this.#complaint + decoder.decode(chunk, { stream: true })).slice(-KEPT_COMPLAINT);
    }
  }
}
