/**
 * What a measurement cost its reader's thread, and what others took from it: CPU time, switches, time stolen by the
 * hypervisor, time spent waiting for the CPU. Two readings, one before and one behind.
 *
 * @module
 */

import { threadCpuNs } from "../../src/ffi/clock.ts";
import { type ThreadUsage, threadUsage } from "../../src/ffi/rusage.ts";
import { cpuTicks } from "../../src/report/kernel_text.ts";
import { runDelayNs } from "./run_delay.ts";

/** What a thread used between two readings. */
export interface Account {
  /** CPU time of the thread, in ns. */
  readonly cpuNs: number;
  /** The shares of it in the program and in the kernel; their sum is `cpuNs`. */
  readonly userNs: number;
  readonly systemNs: number;
  readonly switches: { readonly voluntary: number; readonly involuntary: number };
  /** Time that the hypervisor gave to others, as a share of all CPUs' time; null where nobody tells. */
  readonly stealShare: number | null;
  /** Time that the thread was ready to run and did not, as a share; null where nobody tells. */
  readonly waitShare: number | null;
}

/** What is read at one moment. */
export interface Reading {
  readonly cpuNs: number;
  readonly usage: ThreadUsage;
  readonly ticks: { readonly steal: number; readonly total: number } | null;
  readonly delayNs: number | null;
}

/**
 * Reads the accounts of the calling thread, which must be the reader's.
 *
 * @returns The reading.
 */
export function readAccounts(): Reading {
  return {
    ticks: stealTicks(),
    delayNs: runDelayNs("/proc/thread-self"),
    usage: threadUsage(),
    cpuNs: threadCpuNs(),
  };
}

/**
 * What was used between two readings.
 *
 * @param before The first.
 * @param after The second.
 * @param durationNs The time between them.
 * @returns The account.
 */
export function accountBetween(before: Reading, after: Reading, durationNs: number): Account {
  const cpuNs = after.cpuNs - before.cpuNs;
  const user = after.usage.userNs - before.usage.userNs;
  const system = after.usage.systemNs - before.usage.systemNs;
  // The kernel tells the sum exactly, and how it is divided by what its ticks saw.
  const userShare = user + system > 0 ? user / (user + system) : 0;
  return {
    cpuNs,
    userNs: cpuNs * userShare,
    systemNs: cpuNs * (1 - userShare),
    switches: {
      voluntary: after.usage.voluntarySwitches - before.usage.voluntarySwitches,
      involuntary: after.usage.involuntarySwitches - before.usage.involuntarySwitches,
    },
    stealShare: stealShare(before.ticks, after.ticks),
    waitShare: shareBetween(before.delayNs, after.delayNs, durationNs),
  };
}

/**
 * What was added between two readings, as a share of the time between them.
 *
 * @param before The first; null where nobody tells.
 * @param after The second.
 * @param durationNs The time.
 * @returns The share.
 */
export function shareBetween(before: number | null, after: number | null, durationNs: number): number | null {
  return before === null || after === null ? null : (after - before) / durationNs;
}

function stealShare(before: Reading["ticks"], after: Reading["ticks"]): number | null {
  if (before === null || after === null || after.total <= before.total) return null;
  return Math.max(0, after.steal - before.steal) / (after.total - before.total);
}

function stealTicks(): Reading["ticks"] {
  try {
    return cpuTicks(Deno.readTextFileSync("/proc/stat"));
  } catch {
    return null;
  }
}
