/**
 * CLOCK_MONOTONIC through libc: the clock of `bpf_ktime_get_ns`, so its readings can be subtracted from the time in
 * an event. `performance.now()` has another epoch and cannot.
 *
 * @module
 */

import { CLOCK, TIMESPEC } from "../abi/linux.ts";
import { libc } from "./libc.ts";

// Lifetime: the pointer object keeps the buffer alive; both live as long as the isolate.
const timespec = new DataView(new ArrayBuffer(TIMESPEC.size));
let pointer: Deno.PointerValue = null;

/**
 * Nanoseconds since boot, on the clock of `bpf_ktime_get_ns`.
 *
 * @returns Nanoseconds as a number: exact up to 2^53 (104 days of uptime), then to the nearest 2 ns.
 */
export function monotonicNs(): number {
  return readClock(CLOCK.CLOCK_MONOTONIC);
}

/**
 * CPU time of the calling thread.
 *
 * @returns Nanoseconds of CPU time, user and system together.
 */
export function threadCpuNs(): number {
  return readClock(CLOCK.CLOCK_THREAD_CPUTIME_ID);
}

function readClock(clock: number): number {
  pointer ??= Deno.UnsafePointer.of(timespec);
  libc().clock_gettime(clock, pointer);
  const seconds = timespec.getUint32(TIMESPEC.offsets.tv_sec, true) +
    timespec.getInt32(TIMESPEC.offsets.tv_sec + 4, true) * 2 ** 32;
  return seconds * 1e9 + timespec.getUint32(TIMESPEC.offsets.tv_nsec, true);
}
