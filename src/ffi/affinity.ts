/**
 * Binds the calling isolate's thread to CPUs. Used by producers and consumers that must not share a CPU. Threads that
 * V8 started before for itself stay where they are.
 *
 * @module
 */

import { CPU_SET } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import { errno, libc } from "./libc.ts";

/** How many CPUs a set has room for. */
const CPU_LIMIT = CPU_SET.size * 8;

/**
 * Binds the calling thread to one CPU.
 *
 * @param cpu The CPU's number.
 * @throws {RangeError} If no CPU has that number on any Linux machine this library runs on.
 * @throws {EventPipeError} If the CPU is offline or not among those the process may use.
 */
export function pinThread(cpu: number): void {
  if (!Number.isInteger(cpu) || cpu < 0 || cpu >= CPU_LIMIT) {
    throw new RangeError(`Cannot pin the thread: CPU ${cpu} is not between 0 and ${CPU_LIMIT - 1}`);
  }
  const set = new Uint8Array(CPU_SET.size);
  set[cpu >> 3] = 1 << (cpu & 7);
  if (libc().sched_setaffinity(0, BigInt(CPU_SET.size), set) < 0) {
    const error = errno(); // Errno: read before the message allocates.
    throw syscallFailed(
      `pin the thread to CPU ${cpu}`,
      "sched_setaffinity",
      error,
      "choose an allowed online CPU",
    );
  }
}

/**
 * The CPUs the calling thread may run on.
 *
 * @returns Their numbers, ascending.
 */
export function allowedCpus(): number[] {
  const set = new Uint8Array(CPU_SET.size);
  if (libc().sched_getaffinity(0, BigInt(CPU_SET.size), set) < 0) {
    throw syscallFailed("read the thread's CPUs", "sched_getaffinity", errno());
  }
  const cpus: number[] = [];
  for (let cpu = 0; cpu < CPU_LIMIT; cpu++) {
    if ((set[cpu >> 3]! & (1 << (cpu & 7))) !== 0) cpus.push(cpu);
  }
  return cpus;
}
