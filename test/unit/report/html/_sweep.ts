/** A made-up run over ring sizes and thresholds, saturating and at a rate, for the tests of pages. */

import type { Cell } from "../../../../src/report/schema.ts";
import { cell, stage } from "../_cells.ts";

const RINGS = [16_384, 65_536, 1_048_576];
const THRESHOLDS = [1, 16, 256];
const RECORD_BYTES = 144;
const RATE = 10_000;

/** The cells of one source: a time of 100 + 2000/N ns per event, latencies that wait for their batch. */
export function sweep(source: Cell["source"]): Cell[] {
  const waiter = source === "kernel" ? "epoll" : "atomics";
  return RINGS.flatMap((ringBytes) =>
    THRESHOLDS.flatMap((wakeupEvents) => {
      const effectiveWakeupEvents = 1 / (1 / wakeupEvents + RECORD_BYTES / (ringBytes / 2));
      const ns = 100 + 2000 / effectiveWakeupEvents;
      const wait = Math.max(0, effectiveWakeupEvents - 1) / RATE * 1e9;
      const lost = wakeupEvents === 256 && ringBytes === 16_384 ? 500_000 : 0;
      const shared = { source, waiter, ringBytes, wakeupEvents, effectiveWakeupEvents, payloadBytes: 128 };
      return [
        cell({ ...shared, eventsPerSecond: 1e9 / ns, cpuNsPerEvent: ns, lost, dispatched: 2_000_000 - lost }),
        cell({
          ...shared,
          suite: "latency",
          rate: RATE,
          produced: 20_000,
          dispatched: 20_000 - lost / 100,
          lost: lost / 100,
          latency: [
            stage({
              from: "planned",
              p50: 30_000 + wait / 2,
              p90: 60_000 + wait,
              p99: 90_000 + wait,
              p999: 2e6 + wait,
            }),
            stage({
              from: "emitted",
              p50: 29_000 + wait / 2,
              p90: 59_000 + wait,
              p99: 89_000 + wait,
              p999: 2e6 + wait,
            }),
          ],
        }),
      ];
    })
  );
}
