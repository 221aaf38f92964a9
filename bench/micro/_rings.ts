/**
 * Full rings for the micro benchmarks: a plain buffer that a scanner can walk again and again.
 */

import { PERF_EVENT_MMAP_PAGE } from "../../src/abi/perf_event.ts";
import { layOutRings, SPARE_BYTES } from "../../src/ring/geometry.ts";
import { PerfScanner } from "../../src/ring/perf_scanner.ts";
import { PerfWriter } from "../../src/ring/perf_writer.ts";

const PAGE_BYTES = 4096;

/** A ring filled to the last record that fits. */
export interface FullRing {
  /** How many events it holds. */
  readonly events: number;
  /** A scanner that has read nothing yet. */
  openScanner(): PerfScanner;
}

/** Fills a ring with events of one size, categories in turn. */
export function fillRing(ringBytes: number, payloadBytes: number, categories: number): FullRing {
  const { regions, bufferBytes } = layOutRings(1, ringBytes, PAGE_BYTES, SPARE_BYTES);
  const buffer = new ArrayBuffer(bufferBytes);
  const region = regions[0]!;
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
    writer.output(payloadBytes) === 0 && ++events > 0
  );
  const view = new DataView(buffer);
  return {
    events,
    openScanner(): PerfScanner {
      view.setBigUint64(region.meta + PERF_EVENT_MMAP_PAGE.offsets.data_tail, 0n, true);
      return new PerfScanner(buffer, regions);
    },
  };
}
