/**
 * What a run finds out about its machine by itself: how quiet it is, what its clock costs, which libbpf it has.
 *
 * @module
 */

import { pinThread } from "../src/ffi/affinity.ts";
import { monotonicNs } from "../src/ffi/clock.ts";
import { libbpf, readCstring } from "../src/ffi/libbpf.ts";
import type { NoiseFloorRecord } from "../src/report/schema.ts";
import { measureNoiseFloor } from "./measure/noise_floor.ts";

/**
 * Watches what the machine alone does to a CPU. The calling thread stays on it.
 *
 * @param cpu The consumer's.
 * @param durationMs How long.
 * @returns What was seen.
 */
export function watchFloor(cpu: number, durationMs: number): NoiseFloorRecord {
  pinThread(cpu);
  const { spanNs, readingNs, lostShare, longestNs, delays } = measureNoiseFloor(durationMs);
  return { spanNs, readingNs, lostShare, longestNs, delays };
}

/**
 * What reading the clock costs: the best of many readings, since the rest is interference.
 *
 * @returns ns.
 */
export function clockCostNs(): number {
  const READINGS = 10_000;
  let best = Infinity;
  for (let round = 0; round < 20; round++) {
    const start = monotonicNs();
    for (let i = 0; i < READINGS; i++) monotonicNs();
    best = Math.min(best, (monotonicNs() - start) / READINGS);
  }
  return best;
}

/**
 * The version of libbpf.
 *
 * @returns What it says itself; null where there is none.
 */
export function libbpfVersion(): string | null {
  try {
    return readCstring(libbpf().libbpf_version_string());
  } catch {
    return null;
  }
}
