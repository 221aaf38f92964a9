/** A pipe over memory rings with its writers, for the tests of the pipe. */

import { assertEquals, assertThrows } from "@std/assert";
import {
  type EventHandler,
  EventPipe,
  EventPipeError,
  type EventPipeOptions,
  MemorySource,
  type MemorySourceOptions,
} from "../../../mod.ts";
import type { PerfWriter } from "../../../mod.ts";

/** A pipe that closes itself, with the writers of its rings. */
export class MemoryPipe implements Disposable {
  readonly source: MemorySource;
  readonly pipe: EventPipe;
  readonly writers: readonly PerfWriter[];

  constructor(options: MemorySourceOptions & Omit<EventPipeOptions, "source"> = {}) {
    const { ringBytes, wakeupEvents, cpus, ...rest } = options;
    this.source = MemorySource.open({
      ...(ringBytes === undefined ? {} : { ringBytes }),
      ...(wakeupEvents === undefined ? {} : { wakeupEvents }),
      ...(cpus === undefined ? {} : { cpus }),
    });
    const source = this.source;
    this.pipe = EventPipe.open({ source, ...rest });
    this.writers = source.cpus.map((_, ring) => source.writer(ring));
  }

  /** Emits one event of 20 bytes: category, time = 1000 x value, value at offset 12. Returns what output returned. */
  emit(category: number, value = 0, ring = 0): number {
    const { payload } = this.writers[ring]!;
    payload.setUint32(0, category, true);
    payload.setBigUint64(4, BigInt(value) * 1000n, true);
    payload.setBigUint64(12, BigInt(value), true);
    return this.writers[ring]!.output(20);
  }

  /** Emits events of category 0 until the ring is full, then so many more; how many were accepted. */
  overflow(lost: number, ring = 0): number {
    let accepted = 0;
    while (this.emit(0, accepted, ring) === 0) accepted++;
    for (let i = 1; i < lost; i++) this.emit(0, accepted + i, ring);
    return accepted;
  }

  [Symbol.dispose](): void {
    this.pipe.close();
  }
}

/** The bytes of an event as {@linkcode MemoryPipe.emit} makes it. */
export function eventBytes(category: number, value = 0): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, category, true);
  view.setBigUint64(4, BigInt(value) * 1000n, true);
  view.setBigUint64(12, BigInt(value), true);
  return bytes;
}

/** A handler that notes the values it sees. */
export function noting(seen: number[], result?: (value: number) => number | void): EventHandler {
  return {
    name: "noting",
    process(event): number | void {
      const value = event.u64(12);
      seen.push(value);
      return result?.(value);
    },
  };
}

/** Expects STALE_EVENT. */
export function assertStale(read: () => unknown): void {
  assertEquals(assertThrows(read, EventPipeError).code, "STALE_EVENT");
}

/** The stored tail of a ring. */
export function tailOf({ source }: MemoryPipe, ring: number): bigint {
  return new DataView(source.buffer).getBigUint64(source.share().regions[ring]!.meta + 1032, true);
}
