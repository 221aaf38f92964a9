/**
 * What the suite `gate` measures: the few plans that tell whether a change made eventpipe slower, sized so that
 * `deno task compare` finds a scanner that is 10 % slower in two runs of about a minute.
 *
 * @module
 */

import type { ScannerKind } from "../../src/ring/scanner.ts";
import type { Delivery } from "../peers/eventpipe_readers.ts";
import type { PayloadPlan } from "./consume_plan.ts";

/** One configuration. */
export interface GatePlan {
  readonly ring: "perf" | "ringbuf";
  readonly scanner: ScannerKind;
  readonly delivery: Delivery;
  /** 0 where nothing is delivered. */
  readonly handlers: number;
  readonly payload: PayloadPlan;
}

const SMALL: PayloadPlan = { label: "32 B", payloadBytes: 32, payloadSteps: 1 };
/** No two records in a row are known to be alike. */
const MIXED: PayloadPlan = { label: "28 to 140 B", payloadBytes: 28, payloadSteps: 15 };

/** The ring of all plans, small enough for the caches. */
export const GATE_RING = { ringBytes: 256 * 1024, rings: 1 } as const;

/** How much is measured of each plan. */
export interface GateSize {
  /** How often the programs are started anew: `compare` judges how launches differ, so these count and not the rounds. */
  readonly launches: number;
  /** Rounds per launch. */
  readonly rounds: number;
  /** Events that each program reads before it counts: behind them the just-in-time compiler has nothing left to do. */
  readonly warmUpEvents: number;
}

const WARM_UP_EVENTS = 400_000;

/** Most of it is the start of two programs. */
const LAUNCH_SECONDS = 0.5;

/** Some 40 seconds. */
export const GATE_SIZE: GateSize = { launches: 16, rounds: 20, warmUpEvents: WARM_UP_EVENTS };

/** A look. Too few launches to find little. */
export const QUICK_GATE_SIZE: GateSize = { launches: 3, rounds: 20, warmUpEvents: WARM_UP_EVENTS };

/** Events in a block: some 3 ms with their emission, so that both blocks of a pair mostly find the machine in one state. */
export const BLOCK_EVENTS = 10_000;

/**
 * Lists the plans.
 *
 * @param scanner eventpipe's scanner.
 * @returns The plans.
 */
export function planGate(scanner: ScannerKind): GatePlan[] {
  return [
    { ring: "perf", scanner, delivery: "scan", handlers: 0, payload: SMALL },
    { ring: "perf", scanner, delivery: "scan", handlers: 0, payload: MIXED },
    { ring: "perf", scanner, delivery: "each", handlers: 16, payload: SMALL },
    { ring: "perf", scanner, delivery: "batch", handlers: 4, payload: SMALL },
    { ring: "ringbuf", scanner, delivery: "scan", handlers: 0, payload: SMALL },
  ];
}

/**
 * How long the suite takes, about.
 *
 * @param scanners With which scanners.
 * @param isQuick Whether a look will do.
 * @returns Seconds.
 */
export function gateSeconds(scanners: readonly ScannerKind[], isQuick: boolean): number {
  const { launches } = isQuick ? QUICK_GATE_SIZE : GATE_SIZE;
  return scanners.flatMap(planGate).length * launches * LAUNCH_SECONDS;
}
