/**
 * The load generator of the memory source: writes the same events as bpf/load.bpf.c, in TypeScript.
 *
 * @module
 */

import { errnoNumber } from "../src/abi/errno.ts";
import { EVENT, LOAD_EVENT } from "../src/abi/event.ts";
import { monotonicNs } from "../src/ffi/clock.ts";
import type { PerfWriter } from "../src/ring/perf_writer.ts";

const ENOSPC = errnoNumber("ENOSPC");

/** Emits events into one memory ring. */
export class MemoryProducer {
  readonly #writer: PerfWriter;
  readonly #payloadBytes: number;
  #sequence = 0;
  #refused = 0;

  /**
   * @param writer The ring's writer.
   * @param category The category of the events.
   * @param payloadBytes Bytes of each event from the category on, at least 32.
   */
  constructor(writer: PerfWriter, category: number, payloadBytes: number) {
    this.#writer = writer;
    this.#payloadBytes = payloadBytes;
    writer.payload.setUint32(EVENT.category, category, true);
    writer.payload.setUint32(LOAD_EVENT.payload_bytes, payloadBytes, true);
  }

  /** Outputs tried. */
  get produced(): number {
    return this.#sequence;
  }

  /** Outputs refused for another reason than a full ring, which the ring counts itself. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Emits events.
   *
   * @param count How many.
   * @param plannedNs When an open loop wanted the first one; 0 means when it is emitted.
   * @param intervalNs The time between planned events.
   */
  emit(count: number, plannedNs = 0, intervalNs = 0): void {
    for (let i = 0; i < count; i++) this.#emit(plannedNs === 0 ? 0 : plannedNs + i * intervalNs);
  }

  /**
   * Emits events that were planned at times of their own.
   *
   * @param times The planned times in ns; those that are emitted stand in front.
   * @param count How many.
   */
  emitAt(times: Float64Array, count: number): void {
    for (let i = 0; i < count; i++) this.#emit(times[i]!);
  }

  /** One event; 0 plans it for when it is emitted. */
  #emit(plannedNs: number): void {
    const { payload } = this.#writer;
    const now = monotonicNs();
    setU64(payload, EVENT.time_ns, now);
    setU64(payload, LOAD_EVENT.sequence, this.#sequence++);
    setU64(payload, LOAD_EVENT.planned_ns, plannedNs === 0 ? now : plannedNs);
    const result = this.#writer.output(this.#payloadBytes);
    if (result !== 0 && result !== -ENOSPC) this.#refused++;
  }
}

function setU64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value, true); // modulo 2^32
  view.setUint32(offset + 4, value / 2 ** 32, true);
}
