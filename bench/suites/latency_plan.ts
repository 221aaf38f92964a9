/**
 * What the suite `latency` measures beside libbpf: how late events reach a handler, asleep and busy, and what CPU time a
 * stream of them costs; and what each comparison is to reach.
 *
 * @module
 */

import type { ScannerKind } from "../../src/ring/scanner.ts";
import type { Emission, WaitConfig } from "../peers/wait_protocol.ts";
import type { PairedSize } from "./paired.ts";

/** One configuration, measured beside the same in C. */
export interface LatencyPlan {
  /** What is compared, in words. */
  readonly what: string;
  readonly waiter: WaitConfig["waiter"];
  /** eventpipe's. */
  readonly scanner: ScannerKind;
  readonly wakeupEvents: number;
  readonly ringBytes: number;
  /** What is emitted in a block. */
  readonly emission: Emission;
  /** Rounds of each launch in front of those that count, for programs that compile while they run. */
  readonly warmUpRounds: number;
  /** How many latencies of a block are kept; 0 where CPU time is compared. */
  readonly samples: number;
  /** The ratio it must not be above. */
  readonly atMost: number;
  /** The ratio it is to reach. */
  readonly goal: number;
}

/** How much is measured of each plan. */
export type LatencySize = Omit<PairedSize, "warmUpRounds">;

/** A plain run: 200 pairs. */
export const FULL_LATENCY: LatencySize = { launches: 10, rounds: 20 };

/** A look: 40 pairs. */
export const QUICK_LATENCY: LatencySize = { launches: 5, rounds: 8 };

/** Who looks all the time asks for no wake-ups. */
const NEVER_WAKE = 0x7fffffff;

/**
 * An event each 200 us: a wake-up and its event cost a tenth of that or less. 400 of them take 80 ms, less than a spell of
 * the hypervisor lasts.
 */
export const QUIET: Emission = { events: 400, burst: 1, intervalNs: 200_000, wakeBytes: 0 };

/** Rounds: V8 compiles, and compiles anew, during the first 15,000 events of a reader that gets one at a time. */
export const QUIET_WARM_UP = 40;

/** A million events per second, in bursts as of a busy system call; 49 times the threshold, so that the last one wakes. */
const MILLION: Emission = { events: 49 * 4096, burst: 512, intervalNs: 512_000, wakeBytes: 0 };

/** What is measured, in this order. */
const PLANS: readonly Omit<LatencyPlan, "scanner">[] = [
  {
    what: "epoll wake-up latency at 10 % load, p50",
    waiter: "epoll",
    wakeupEvents: 1,
    ringBytes: 262_144,
    emission: QUIET,
    warmUpRounds: QUIET_WARM_UP,
    samples: QUIET.events,
    atMost: 1.1,
    goal: 1.0,
  },
  {
    what: "busy-poll latency, p50",
    waiter: "spin",
    wakeupEvents: NEVER_WAKE,
    ringBytes: 262_144,
    emission: QUIET,
    warmUpRounds: QUIET_WARM_UP,
    samples: QUIET.events,
    atMost: 1.3,
    goal: 1.1,
  },
  {
    what: "CPU per event at 1 M/s, the same wake-up threshold",
    waiter: "epoll",
    wakeupEvents: 4096,
    ringBytes: 2_097_152,
    emission: MILLION,
    warmUpRounds: 4,
    samples: 0,
    atMost: 1.4,
    goal: 1.1,
  },
];

/**
 * Lists what is measured.
 *
 * @param scanner With which scanner.
 * @returns The plans in their order.
 */
export function planLatency(scanner: ScannerKind): LatencyPlan[] {
  return PLANS.map((plan) => ({
    ...plan,
    what: scanner === "ts" ? plan.what : `${plan.what}; WASM scanner`,
    scanner,
  }));
}
