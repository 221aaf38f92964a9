/** What a run is told where nothing is given on its command line. */

import type { PlanOptions } from "../../../bench/plan/plan_options.ts";

/** Without what a profile chooses, and without the number of CPUs. */
export const PLAIN_OPTIONS = {
  sources: ["kernel", "memory"],
  rings: ["perf"],
  hasRingbuf: true,
  ringBytes: null,
  payloadBytes: null,
  wakeupEvents: [1, 16, 256],
  watermarkBytes: [],
  waiter: null,
  scanner: "ts",
} as const satisfies Partial<PlanOptions>;
