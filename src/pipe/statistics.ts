/**
 * What a pipe has counted. While nothing was corrupt, each event a program emitted is in exactly one term:
 * `produced = dispatched + unknown + lost + left`; no term is computed from the others.
 *
 * @module
 */

/** Counts of one ring. */
export interface CpuStatistics {
  /** The CPU. */
  readonly cpu: number;
  /** Events delivered to a handler. */
  readonly events: number;
  /** Bytes of these events from their category on, the ring's padding included. */
  readonly bytes: number;
  /** Events of categories without a handler. */
  readonly unknown: number;
  /**
   * Events that found the ring full, by the kernel's own count, the last ones included; where the source cannot count
   * them, those that the ring told of.
   */
  readonly lost: number;
  /** How often the ring's content was unusable and given up. */
  readonly corrupt: number;
  /** Bytes given up so. */
  readonly corruptBytes: number;
  /** Records of other types than samples and losses, and records of a BPF ring buffer that its program discarded. */
  readonly skipped: number;
  /** Where rings are merged by time, events dispatched behind a later one of another ring. */
  readonly late: number;
  /** Bytes of records that an overwritable ring overwrote before they were read. */
  readonly overwrittenBytes: number;
  /** How often the waiter reported the ring: with waiters that sleep the wake-ups, with those that spin the finds. */
  readonly wakeups: number;
  /** Events still in the ring when the pipe was closed; 0 while it is open. */
  readonly left: number;
}

/** Counts of one category. */
export interface CategoryStatistics {
  /** The category. */
  readonly category: number;
  /** The handler's name. */
  readonly name: string;
  /** Events delivered, those given to `dispatch` by hand included. */
  readonly events: number;
  /** Bytes of these events. */
  readonly bytes: number;
  /** Calls of `process` that threw. */
  readonly errors: number;
}

/** Counts of a pipe: totals, per CPU and per category. */
export interface Statistics {
  /** Events delivered to a handler. */
  readonly dispatched: number;
  /** Bytes of these events. */
  readonly bytes: number;
  /** Events of categories without a handler. */
  readonly unknown: number;
  /** Events that found a ring full. */
  readonly lost: number;
  /** Events still in the rings when the pipe was closed; 0 while it is open. */
  readonly left: number;
  /** How often a ring's content was unusable and given up. */
  readonly corrupt: number;
  /** Bytes given up so. */
  readonly corruptBytes: number;
  /** Bytes of records that overwritable rings overwrote before they were read. */
  readonly overwrittenBytes: number;
  /** How often the waiter reported a ring. */
  readonly wakeups: number;
  /** Whether the terms account for every event: nothing was corrupt or overwritten, and the source can count every loss. */
  readonly exact: boolean;
  /** The same per ring. */
  readonly cpus: readonly CpuStatistics[];
  /** The same per category. */
  readonly categories: readonly CategoryStatistics[];
}

/** The counters of one ring, counted up by the pipe. */
export class RingCounters implements Omit<CpuStatistics, "cpu" | "lost" | "overwrittenBytes"> {
  events = 0;
  bytes = 0;
  unknown = 0;
  corrupt = 0;
  corruptBytes = 0;
  skipped = 0;
  late = 0;
  wakeups = 0;
  left = 0;
}

/**
 * Adds the counts of the rings up.
 *
 * @param cpus Counts per ring.
 * @param categories Counts per category.
 * @param countsLosses Whether the source knows every loss.
 * @returns The whole.
 */
export function totalStatistics(
  cpus: readonly CpuStatistics[],
  categories: readonly CategoryStatistics[],
  countsLosses: boolean,
): Statistics {
  const sum = (key: Exclude<keyof CpuStatistics, "cpu">): number =>
    cpus.reduce((total, counts) => total + counts[key], 0);
  const corrupt = sum("corrupt");
  const overwrittenBytes = sum("overwrittenBytes");
  return {
    dispatched: sum("events"),
    bytes: sum("bytes"),
    unknown: sum("unknown"),
    lost: sum("lost"),
    left: sum("left"),
    corrupt,
    corruptBytes: sum("corruptBytes"),
    overwrittenBytes,
    wakeups: sum("wakeups"),
    exact: corrupt === 0 && overwrittenBytes === 0 && countsLosses,
    cpus,
    categories,
  };
}
