/**
 * The load of `deno task record --load`: events made here in memory rings, so that recording and replaying can be tried
 * where there is no kernel to ask, no privilege and no program.
 *
 * @module
 */

import { EVENT } from "../../abi/event.ts";
import { SAMPLE_RAW } from "../../abi/perf_event.ts";
import type { EventPipe } from "../../pipe/event_pipe.ts";
import { MemorySource } from "../../source/memory.ts";
import { parseBytes, parseCount } from "../units.ts";

/** What is emitted. */
export interface Load {
  /** How many events. */
  readonly count: number;
  /** Bytes of each from the category on. */
  readonly bytes: number;
}

/** `struct event` and a sequence number. */
const MIN_BYTES: number = EVENT.bytes + 8;
const DEFAULT_BYTES = 64;

/** The CPUs that the rings are said to be of. */
const CPUS = [0, 1] as const;

/** Events have one of so many categories. */
const CATEGORIES = 3;

/**
 * Reads what was typed.
 *
 * @param text `COUNT` or `COUNTxBYTES`.
 * @returns What to emit.
 * @throws {RangeError} If it is neither.
 */
export function parseLoad(text: string): Load {
  const [count = "", bytes, ...others] = text.split("x");
  const load = {
    count: parseCount(count),
    bytes: bytes === undefined ? DEFAULT_BYTES : parseBytes(bytes),
  };
  if (others.length > 0 || load.bytes < MIN_BYTES) {
    throw new RangeError(
      `Cannot parse load: "${text}", expected a count and bytes from ${MIN_BYTES} on, such as 1000x64`,
    );
  }
  return load;
}

/** Emits events into memory rings. */
export class LoadEmitter {
  /** The rings; owned by the pipe that is opened over it. */
  readonly source: MemorySource;
  readonly #load: Load;
  /** So many events are emitted between two looks into the rings: as many as fit, since nothing is to be lost here. */
  readonly #step: number;
  #emitted = 0;

  /**
   * Opens the rings.
   *
   * @param load What will be emitted.
   * @param ringBytes The size of each ring.
   * @throws {RangeError} If a ring cannot have that size, or can never take an event.
   */
  constructor(load: Load, ringBytes: number) {
    this.#load = load;
    this.source = MemorySource.open({ ringBytes, cpus: CPUS });
    const { maxPayloadBytes } = this.source;
    if (load.bytes > maxPayloadBytes) {
      throw new RangeError(
        `Cannot emit events of ${load.bytes} bytes: rings of ${ringBytes} bytes take at most ${maxPayloadBytes}`,
      );
    }
    const recordBytes = (SAMPLE_RAW.data + load.bytes + 7) & ~7;
    this.#step = CPUS.length * Math.floor((ringBytes - 1) / recordBytes);
  }

  /**
   * Emits some events and lets the pipe read them.
   *
   * @param pipe The pipe over `source`.
   * @returns Whether there are more to come.
   */
  step(pipe: EventPipe): boolean {
    const { count, bytes } = this.#load;
    const end = Math.min(count, this.#emitted + this.#step);
    for (; this.#emitted < end; this.#emitted++) {
      const writer = this.source.writer(this.#emitted % CPUS.length);
      writer.payload.setUint32(EVENT.category, this.#emitted % CATEGORIES, true);
      writer.payload.setBigUint64(EVENT.time_ns, BigInt(Math.round(performance.now() * 1e6)), true);
      writer.payload.setBigUint64(EVENT.bytes, BigInt(this.#emitted), true);
      writer.output(bytes);
    }
    pipe.consume();
    return this.#emitted < count;
  }
}
