/**
 * A peer, seen from the harness: an arm of a comparison that does its blocks in a process. Relies on protocol.ts.
 *
 * @module
 */

import type { Arm } from "../measure/blocks.ts";
import { LineProcess, type LineProcessOptions } from "./line_process.ts";
import { blockRequest, type PeerAnswer, type PeerBlock, readPeerAnswer } from "./protocol.ts";

/** How a peer is started. */
export interface PeerOptions extends LineProcessOptions {
  /** How often it fills and reads its ring in a block. */
  readonly fills: number;
}

/** A running peer. */
export class Peer implements Arm<PeerBlock>, AsyncDisposable {
  readonly #process: LineProcess;
  readonly #fills: number;

  private constructor(process: LineProcess, fills: number) {
    this.#process = process;
    this.#fills = fills;
  }

  /**
   * Starts a peer and waits until it is ready.
   *
   * @param options Its command.
   * @returns The peer; end it with `close`, or declare it with `await using`.
   * @throws {Error} If it does not start, or says that it cannot.
   */
  static async start(options: PeerOptions): Promise<Peer> {
    const peer = new Peer(new LineProcess(options), options.fills);
    try {
      const answer = await peer.#ask("", "start");
      if (!("ready" in answer)) throw peer.#process.failure("start", JSON.stringify(answer));
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

  /** Its number in the system. */
  get pid(): number {
    return this.#process.pid;
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
    const answer = await this.#ask(blockRequest(seed, this.#fills), action);
    if (!("events" in answer)) throw this.#process.failure(action, JSON.stringify(answer));
    return answer;
  }

  /** Closes its stdin and waits for its end; kills it if it does not end. Safe to call again. */
  close(): Promise<void> {
    return this.#process.close();
  }

  /** Closes it, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #ask(request: string, action: string): Promise<PeerAnswer> {
    const answer = readPeerAnswer(await this.#process.ask(request, action));
    if ("error" in answer) throw this.#process.failure(action, answer.error);
    return answer;
  }
}
