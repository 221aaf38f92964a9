/**
 * The side of a campaign that works: it runs in a Worker, since a run that does not end would keep all else from happening.
 *
 * @module
 */

import { fuzz, type Target } from "./engine.ts";

/** What a Worker is told. */
export interface Order {
  /** The name of the target. */
  readonly target: string;
  /** The seed of the first run. */
  readonly seed: number;
  /** How long to go on. */
  readonly durationMs: number;
  /** A file that the target may write. */
  readonly path: string;
  /** How far the work has come; see {@linkcode WORDS}. */
  readonly words: Uint32Array<SharedArrayBuffer>;
}

/** What stands in the shared words of an order. */
export const WORDS = {
  /** Runs that are done. */
  runs: 0,
  /** The seed of the run under way. */
  seed: 1,
  /** Changes with each run, and with each that makes an input smaller. */
  beat: 2,
  /** Not 0 when the work has to end. */
  stop: 3,
  count: 4,
} as const;

/** What a Worker answers. */
export interface Answer {
  /** How many runs were done. */
  readonly runs: number;
  /** What was found; null for nothing. */
  readonly finding: { readonly seed: number; readonly input: string; readonly error: string } | null;
}

/**
 * Makes this Worker wait for its order, and answer it.
 *
 * @param open Makes the target that the order names.
 */
export function work(open: (name: string, path: string) => Target<unknown>): void {
  const scope = self as unknown as Pick<Worker, "onmessage" | "postMessage">;
  scope.onmessage = ({ data }: MessageEvent<Order>): void => scope.postMessage(carryOut(data, open));
}

function carryOut(
  { target: name, seed, durationMs, path, words }: Order,
  open: Parameters<typeof work>[0],
): Answer {
  const target = open(name, path);
  const watched: Target<unknown> = {
    ...target,
    run: (input) => {
      words[WORDS.beat]!++;
      target.run(input);
    },
  };
  const end = performance.now() + durationMs;
  const { runs, finding } = fuzz(watched, seed, (runs, seed) => {
    words[WORDS.runs] = runs;
    words[WORDS.seed] = seed;
    return performance.now() < end && Atomics.load(words, WORDS.stop) === 0;
  });
  if (finding === null) return { runs, finding: null };
  const { error } = finding;
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  return { runs, finding: { seed: finding.seed, input: JSON.stringify(finding.input), error: text } };
}
