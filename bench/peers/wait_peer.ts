/**
 * A peer that waits for events, seen from the harness: an arm of a comparison whose blocks take two processes, the peer and
 * the one that emits for it.
 *
 * @module
 */

import type { Arm } from "../measure/blocks.ts";
import { LineProcess, type LineProcessOptions } from "./line_process.ts";
import {
  type Emission,
  emitRequest,
  type Emitted,
  readWaitAnswer,
  type WaitBlock,
  waitRequest,
} from "./wait_protocol.ts";

/** A block and how well it was offered. */
export interface WaitOutcome extends WaitBlock, Emitted {}

/** The process that emits events for all peers of a run. */
export class Emitter implements AsyncDisposable {
  readonly #process: LineProcess;

  private constructor(process: LineProcess) {
    this.#process = process;
  }

  /**
   * Starts it and waits until it is ready.
   *
   * @param argv Its command.
   * @returns The process; declare it with `await using`.
   * @throws {Error} If it does not start.
   */
  static async start(argv: readonly string[]): Promise<Emitter> {
    const process = new LineProcess({ name: "emit", argv });
    const emitter = new Emitter(process);
    try {
      const answer = await emitter.#ask("", "start");
      if (!("ready" in answer)) throw process.failure("start", JSON.stringify(answer));
      return emitter;
    } catch (error) {
      await process.close();
      throw error;
    }
  }

  /**
   * Emits events.
   *
   * @param peer The number of the program that emits them, and that of the process that waits.
   * @param emission How many and how fast.
   * @param seed What values are drawn from.
   * @returns How well it could.
   * @throws {Error} If it fails.
   */
  async emit(
    peer: { readonly program: number; readonly pid: number },
    emission: Emission,
    seed: number,
  ): Promise<Emitted> {
    const answer = await this.#ask(emitRequest(peer, emission, seed), "emit");
    if (!("late" in answer)) throw this.#process.failure("emit", JSON.stringify(answer));
    return answer;
  }

  /** Ends it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#process.close();
  }

  async #ask(
    request: string,
    action: string,
  ): Promise<Exclude<ReturnType<typeof readWaitAnswer>, { error: string }>> {
    const answer = readWaitAnswer(await this.#process.ask(request, action));
    if ("error" in answer) throw this.#process.failure(action, answer.error);
    return answer;
  }
}

/** How a waiting peer is started, and what is done with it. */
export interface WaitPeerOptions extends LineProcessOptions {
  /** Who emits its events. */
  readonly emitter: Emitter;
  /** What is emitted in a block. */
  readonly emission: Emission;
  /** How many latencies of a block are kept. */
  readonly samples: number;
}

/** A running peer that waits. */
export class WaitPeer implements Arm<WaitOutcome>, AsyncDisposable {
  readonly #process: LineProcess;
  readonly #options: WaitPeerOptions;
  #program = 0;

  private constructor(options: WaitPeerOptions) {
    this.#process = new LineProcess(options);
    this.#options = options;
  }

  /**
   * Starts a peer and waits until it is ready.
   *
   * @param options Its command, and its events.
   * @returns The peer; end it with `close`, or declare it with `await using`.
   * @throws {Error} If it does not start, or says that it cannot.
   */
  static async start(options: WaitPeerOptions): Promise<WaitPeer> {
    const peer = new WaitPeer(options);
    try {
      const answer = readWaitAnswer(await peer.#process.ask("", "start"));
      if ("error" in answer) throw peer.#process.failure("start", answer.error);
      if (!("program" in answer)) throw peer.#process.failure("start", JSON.stringify(answer));
      peer.#program = answer.program;
      return peer;
    } catch (error) {
      await peer.close();
      throw error;
    }
  }

  /** Its name in the run. */
  get name(): string {
    return this.#process.name;
  }

  /**
   * Has it wait for a block's events while they are emitted.
   *
   * @param seed What their values are drawn from.
   * @returns What it took.
   * @throws {Error} If either process fails, or events are missing that nobody refused.
   */
  block(seed: number): Promise<WaitOutcome> {
    const { emission, samples } = this.#options;
    return this.wait(emission, samples, seed);
  }

  /**
   * Lets it wait for events of another number or rate.
   *
   * @param emission What is emitted.
   * @param samples How many latencies are kept.
   * @param seed What their values are drawn from.
   * @returns What it took.
   * @throws {Error} If either process fails, or events are missing that nobody refused.
   */
  async wait(emission: Emission, samples: number, seed: number): Promise<WaitOutcome> {
    const action = "wait for events";
    const [line, emitted] = await Promise.all([
      this.#process.ask(waitRequest(emission.events, samples), action),
      this.#options.emitter.emit({ program: this.#program, pid: this.#process.pid }, emission, seed),
    ]);
    const answer = readWaitAnswer(line);
    if ("error" in answer) throw this.#process.failure(action, answer.error);
    if (!("events" in answer)) throw this.#process.failure(action, JSON.stringify(answer));
    if (answer.events + emitted.refused !== emission.events) {
      const got = `${answer.events} came and ${emitted.refused} were refused of ${emission.events}`;
      throw this.#process.failure(action, got);
    }
    return { ...answer, ...emitted };
  }

  /** Ends it. Safe to call again. */
  close(): Promise<void> {
    return this.#process.close();
  }

  /** Ends it, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
