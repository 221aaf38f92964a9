/**
 * Full rings for the micro benchmarks: plain memory that scanners of both kinds can walk lap after lap.
 */

import { PERF, PERF_EVENT_HEADER, PERF_EVENT_MMAP_PAGE } from "../../src/abi/perf_event.ts";
import { layOutRings, SPARE_BYTES } from "../../src/ring/geometry.ts";
import { PerfScanner } from "../../src/ring/perf_scanner.ts";
import { PerfWriter } from "../../src/ring/perf_writer.ts";
import type { Scanner, ScannerKind } from "../../src/ring/scanner.ts";
import { openWasmMemory } from "../../src/ring/wasm_memory.ts";
import { WasmScanner } from "../../src/ring/wasm_scanner.ts";

const PAGE_BYTES = 4096;

/** The longest record whose size is a multiple of 8. */
const MAX_RECORD_BYTES = 0xfff8;

/** A ring filled to its last byte: with events, and behind them with records that a scanner skips. */
export interface FullRing {
  /** How many events it holds. */
  readonly events: number;
  /** Reads it. */
  readonly scanner: Scanner;
  /** Makes the same content unread again, once it was read and committed. */
  refill(): void;
}

/**
 * Fills a ring.
 *
 * @param ringBytes Its size.
 * @param payloadBytes The sizes of the events, in turn.
 * @param categories How many categories they have, in turn.
 * @param kind Which scanner reads it; the one in TypeScript unless given.
 * @returns The ring, unread.
 */
export function fillRing(
  ringBytes: number,
  payloadBytes: readonly number[],
  categories: number,
  kind: ScannerKind = "ts",
): FullRing {
  const { regions, bufferBytes } = layOutRings(1, ringBytes, PAGE_BYTES, SPARE_BYTES);
  const memory = openWasmMemory(bufferBytes, 1);
  const { buffer } = memory;
  const region = regions[0]!;
  const view = new DataView(buffer);
  const headAt = region.meta + PERF_EVENT_MMAP_PAGE.offsets.data_head;
  const writer = new PerfWriter({
    buffer,
    region,
    ring: 0,
    staging: region.data + region.bytes + SPARE_BYTES,
    wakeupEvents: 1,
    events: { accepts: () => true, wake: () => {}, lose: () => {} },
  });
  let events = 0;
  do writer.payload.setUint32(0, events % categories, true); while (
    writer.output(payloadBytes[events % payloadBytes.length]!) === 0 && ++events > 0
  );
  for (let head = Number(view.getBigUint64(headAt, true)); head < ringBytes;) {
    const size = Math.min(ringBytes - head, MAX_RECORD_BYTES);
    const { offsets } = PERF_EVENT_HEADER;
    view.setUint32(region.data + head + offsets.type, PERF.PERF_RECORD_SAMPLE + 1, true);
    view.setUint16(region.data + head + offsets.size, size, true);
    head += size;
  }
  const refill = (): void => {
    const lap = view.getBigUint64(headAt, true) / BigInt(ringBytes);
    view.setBigUint64(headAt, (lap + 1n) * BigInt(ringBytes), true);
  };
  refill();
  const scanner = kind === "ts" ? new PerfScanner(buffer, regions) : WasmScanner.perf(memory, regions);
  return { events, scanner, refill };
}
