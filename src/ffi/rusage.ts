/**
 * What the calling thread has used so far: its CPU time by where it was spent, and how often it left its CPU. Read before
 * and after something is measured; a call takes microseconds.
 *
 * @module
 */

import { RESOURCE, RUSAGE } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import { errno, libc } from "./libc.ts";

/** What a thread has used since it started. */
export interface ThreadUsage {
  /** CPU time in the program, in ns. The kernel divides the whole by what its ticks saw, so short times are rough. */
  readonly userNs: number;
  /** CPU time in the kernel, in ns. */
  readonly systemNs: number;
  /** How often it slept or gave its CPU away. */
  readonly voluntarySwitches: number;
  /** How often its CPU was taken from it. */
  readonly involuntarySwitches: number;
}

/**
 * Reads the usage of the calling thread.
 *
 * @returns The sums since the thread started.
 * @throws {EventPipeError} If the kernel refuses.
 */
export function threadUsage(): ThreadUsage {
  const usage = new DataView(new ArrayBuffer(RUSAGE.size));
  if (libc().getrusage(RESOURCE.RUSAGE_THREAD, usage) < 0) {
    throw syscallFailed("read what the thread has used", "getrusage", errno());
  }
  const long = (offset: number): number => Number(usage.getBigInt64(offset, true));
  const timeNs = (offset: number): number => long(offset) * 1e9 + long(offset + 8) * 1e3;
  const { ru_utime, ru_stime, ru_nvcsw, ru_nivcsw } = RUSAGE.offsets;
  return {
    userNs: timeNs(ru_utime),
    systemNs: timeNs(ru_stime),
    voluntarySwitches: long(ru_nvcsw),
    involuntarySwitches: long(ru_nivcsw),
  };
}
