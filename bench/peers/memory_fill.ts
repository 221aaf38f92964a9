/**
 * Fills a memory ring with the events that bench/peers/fill.bpf.c draws from the same seed, but for their time, which
 * nobody reads.
 *
 * @module
 */

import type { PerfWriter } from "../../src/ring/perf_writer.ts";
import { CATEGORIES, type PeerConfig } from "./protocol.ts";

/** `struct fill_event` of fill.bpf.c, from the category on. */
const FILL_EVENT = { category: 0, sequence: 12, value: 20 } as const;

/** Writes events as the generator in the kernel does. */
export class MemoryFill {
  readonly #writer: PerfWriter;
  readonly #config: PeerConfig;

  /**
   * @param writer The ring's producer.
   * @param config The events.
   */
  constructor(writer: PerfWriter, config: PeerConfig) {
    this.#writer = writer;
    this.#config = config;
  }

  /**
   * Fills the ring.
   *
   * @param seed What categories, sizes and values are drawn from.
   * @param sequence The number of the first event.
   * @throws {Error} If an event finds no room.
   */
  fill(seed: number, sequence: number): void {
    const { events, handlers, payloadBytes, payloadSteps } = this.#config;
    const { payload } = this.#writer;
    const categories = BigInt(handlers === 0 ? CATEGORIES : handlers);
    for (let i = 0; i < events; i++) {
      const number = BigInt(sequence + i);
      const word = mix(BigInt.asUintN(64, (BigInt(seed) << 32n) + number * 0x9e3779b97f4a7c15n));
      payload.setUint32(FILL_EVENT.category, Number((word & 0xffffn) % categories), true);
      payload.setBigUint64(FILL_EVENT.sequence, number, true);
      payload.setUint32(FILL_EVENT.value, Number((word >> 16n) & 0xffffffffn), true);
      const bytes = payloadBytes + 8 * Number((word >> 48n) % BigInt(payloadSteps));
      if (this.#writer.output(bytes) !== 0) {
        throw new Error(`Cannot fill the ring: it has no room for ${events - i} of ${events} events`);
      }
    }
  }
}

/** splitmix64's mixing, as in fill.bpf.c. */
function mix(word: bigint): bigint {
  word ^= word >> 30n;
  word = BigInt.asUintN(64, word * 0xbf58476d1ce4e5b9n);
  word ^= word >> 27n;
  word = BigInt.asUintN(64, word * 0x94d049bb133111ebn);
  return word ^ (word >> 31n);
}
