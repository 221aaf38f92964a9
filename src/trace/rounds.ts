/**
 * Runs a pipe in rounds. Rings are read one after the other, so what a drain delivers may be younger than what it left in
 * a ring it had read before; the last drain of a round begins behind the round's end. Then all events from before that
 * moment are here, and they can be told in the order of time.
 *
 * @module
 */

import { monotonicNs } from "../ffi/clock.ts";
import type { EventPipe } from "../pipe/event_pipe.ts";

/**
 * An event's time is taken before it is in its ring. Where it takes longer than this, since the CPU was taken away from
 * the virtual machine for instance, the event is told late.
 */
const SLACK_NS = 1_000_000n;

/** The first rounds are short, each twice as long as the one before: whoever looks waits for the first event. */
const FIRST_ROUND_MS = 2;

/** How the rounds go. */
export interface RoundOptions {
  /** Ends the rounds. The last one is then over at once. */
  readonly signal: AbortSignal;
  /** The length of a round, once the first ones are over. */
  readonly roundMs: number;
  /** Called at the end of each round with the time up to which all events are here, CLOCK_MONOTONIC in ns. */
  readonly onRound: (until: bigint) => void;
}

/**
 * Runs a pipe until a signal ends it.
 *
 * @param pipe The pipe.
 * @param options How the rounds go.
 * @throws Whatever a handler or `onRound` throws.
 */
export async function runInRounds(pipe: EventPipe, options: RoundOptions): Promise<void> {
  const { signal, roundMs, onRound } = options;
  let ms = Math.min(FIRST_ROUND_MS, roundMs);
  do {
    const round = new AbortController();
    let endNs = 0;
    const end = (): void => {
      endNs ||= monotonicNs();
      round.abort();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    try {
      await pipe.run({ signal: round.signal });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    }
    onRound(BigInt(Math.floor(endNs)) - SLACK_NS);
    ms = Math.min(ms * 2, roundMs);
  } while (!signal.aborted);
}
