/**
 * What a reader has to know before trusting a cell.
 *
 * @module
 */

import type { Flag } from "../../src/report/flags.ts";
import type { Cell, LatencyStage } from "../../src/report/schema.ts";

/** With fewer events there is no 99th percentile. */
const P99_EVENTS = 1000;

/** A generator that lags by more than this share of what is measured has a part in it. */
const LAG_SHARE = 0.1;

/** Below this share of `wakeup_events` the half-ring watermark has a say in the wake-ups worth a flag. */
const WATERMARK_SHARE = 0.8;

/** What a cell does not hold itself. */
export interface Findings {
  /** Whether the offered rate was not reached. */
  readonly isSaturated: boolean;
  /** Whether its halves are alike. */
  readonly isSteady: boolean;
  /** Whether it was ended before its time. */
  readonly isInterrupted: boolean;
  /** Whether a producer shares the consumer's CPU. */
  readonly shares: boolean;
}

/**
 * What a reader of the cell has to know.
 *
 * @param cell The cell.
 * @param findings What it does not hold itself.
 * @returns The flags.
 */
export function flagsOf(
  { wakeupEvents, effectiveWakeupEvents, lost, latency }: Cell,
  { isSaturated, isSteady, isInterrupted, shares }: Findings,
): Flag[] {
  const flags: Flag[] = [];
  if (
    wakeupEvents !== null && effectiveWakeupEvents !== null &&
    effectiveWakeupEvents < WATERMARK_SHARE * wakeupEvents
  ) {
    flags.push("watermark");
  }
  if (lost > 0) flags.push("lossy");
  if (latency !== null && isLagged(latency)) flags.push("lagged");
  if (isSaturated) flags.push("saturated");
  if (!isSteady) flags.push("not-steady");
  if (isInterrupted) flags.push("interrupted");
  if (latency?.some(({ count }) => count < P99_EVENTS)) flags.push("n-small");
  if (shares) flags.push("one-cpu");
  return flags;
}

/** Whether the generator's lag has a part in the response that cannot be left out of account. */
function isLagged(latency: readonly LatencyStage[]): boolean {
  const lag = latency.find(({ stage, from }) => stage === "emitted" && from === "planned");
  const response = latency.find(({ stage, from }) => stage === "handled" && from === "planned");
  if (lag === undefined || response === undefined || lag.p99 === null || response.p99 === null) return false;
  return lag.p99 > LAG_SHARE * response.p99;
}
