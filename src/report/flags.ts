/**
 * The flags a cell may carry, with the sentence a report prints for each. The benchmark sets them by these
 * names; reports print the sentences of those that occur. Relies on nothing.
 */

/** What each flag tells the reader of a cell. */
export const FLAGS = {
  "interrupted": "the cell was ended before its time",
  "lagged":
    "the generator fell behind its plan, at p99 by more than 10 % of the latency's p99 or with many bursts; latencies from planned times include its delay",
  "lossy": "events were lost; a percentile that would be one of them is said to be lost",
  "n-small": "too few events for the percentiles that are missing",
  "not-steady": "the second half was faster or slower than the first by more than 5 %",
  "one-cpu": "producer and consumer shared one CPU",
  "saturated": "the offered rate was not reached, so there is no latency but that of a growing queue",
  "watermark": "the half-ring watermark, armed beside wakeup_events, adds more than a fifth to the wake-ups",
  "within-launch": "the ratio is of too few process launches, so its interval does not speak of the next one",
} as const satisfies Record<string, string>;

/** The name of a flag. */
export type Flag = keyof typeof FLAGS;

/** The sentence for a flag, or one that says there is none: a file may come from a later version. */
export function flagMeaning(flag: string): string {
  return Object.hasOwn(FLAGS, flag) ? FLAGS[flag as Flag] : "not known to this version";
}
