/**
 * Runs a pipe in rounds. A round is a wait and the drain behind it. Rings are read one after the other, so what a drain
 * delivers may be younger than what it left in a ring it had read before; but all events from before its beginning are
 * here then, and they can be told in the order of time.
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

/** The first rounds are short: whoever has started a tracer waits for the first event. */
const FIRST_ROUND_MS = 2;
const FIRST_ROUNDS = 50;

/** How the rounds go. */
export interface RoundOptions {
  /** Ends the rounds. The last one is then over at once. */
  readonly signal: AbortSignal;
  /** The length of a round at the most; a ring that wakes the reader ends it. */
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
export async function runInRounds(
  pipe: EventPipe,
  { signal, roundMs, onRound }: RoundOptions,
): Promise<void> {
  const first = new AbortController();
  let rounds = 0;
  let wokenNs = 0;
  const run = (signal: AbortSignal, flushMs: number): Promise<number> =>
    pipe.run({
      signal,
      flushMs,
      onWoken: () => wokenNs = monotonicNs(),
      onDrained(): void {
        onRound(BigInt(Math.floor(wokenNs)) - SLACK_NS);
        if (++rounds === FIRST_ROUNDS) first.abort();
      },
    });
  await run(AbortSignal.any([signal, first.signal]), Math.min(FIRST_ROUND_MS, roundMs));
  if (!signal.aborted) await run(signal, roundMs);
}
