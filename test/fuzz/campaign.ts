/**
 * The side of a campaign that watches: it starts the Worker, tells how far it is, and ends it when a run does not.
 *
 * @module
 */

import { type Answer, type Order, WORDS } from "./labour.ts";

/** What is fuzzed, from where on and how long. */
export interface CampaignOptions {
  /** The module of the Worker. */
  readonly worker: URL;
  /** The name of the target. */
  readonly target: string;
  /** The seed of the first run. */
  readonly seed: number;
  /** How long to go on. */
  readonly durationMs: number;
  /** A file that the target may write. */
  readonly path: string;
  /** A run that takes longer than this does not end. */
  readonly patienceMs: number;
  /** Ends the campaign early, in order. */
  readonly signal: AbortSignal;
  /** Called now and then. */
  readonly onProgress: (progress: Progress) => void;
}

/** How far a campaign is. */
export interface Progress {
  /** Runs that are done. */
  readonly runs: number;
  /** The seed of the run under way. */
  readonly seed: number;
  /** Since the beginning. */
  readonly elapsedMs: number;
}

/** How a campaign ended. */
export interface Result {
  /** Runs that were done. */
  readonly runs: number;
  /** How long they took. */
  readonly elapsedMs: number;
  /** What was found; null for nothing. `input` is null where a run did not end, which cannot be made smaller. */
  readonly finding: { readonly seed: number; readonly input: string | null; readonly error: string } | null;
}

const PROGRESS_MS = 200;

/**
 * Runs a campaign.
 *
 * @param options What to do.
 * @returns How it ended.
 * @throws {Error} If the Worker itself fails.
 */
export async function runCampaign(options: CampaignOptions): Promise<Result> {
  const { target, seed, durationMs, path, signal } = options;
  const begun = performance.now();
  const words = new Uint32Array(new SharedArrayBuffer(WORDS.count * 4));
  const worker = new Worker(options.worker, { type: "module" });
  const stop = (): void => void Atomics.store(words, WORDS.stop, 1);
  const { promise, resolve, reject } = Promise.withResolvers<Omit<Result, "elapsedMs">>();
  worker.onmessage = ({ data }: MessageEvent<Answer>): void => resolve(data);
  worker.onerror = (event): void => {
    event.preventDefault();
    reject(new Error(`The worker of the fuzzer failed: ${event.message}`));
  };
  const timer = setInterval(watch(words, options, begun, resolve), PROGRESS_MS);
  signal.addEventListener("abort", stop);
  try {
    worker.postMessage({ target, seed, durationMs, path, words } satisfies Order);
    return { ...await promise, elapsedMs: performance.now() - begun };
  } finally {
    signal.removeEventListener("abort", stop);
    clearInterval(timer);
    worker.terminate();
  }
}

/** Makes the function that looks how far the Worker is. */
function watch(
  words: Uint32Array,
  { patienceMs, onProgress }: CampaignOptions,
  begun: number,
  resolve: (result: Omit<Result, "elapsedMs">) => void,
): () => void {
  let beat = -1;
  let beatAt = begun;
  return (): void => {
    const now = performance.now();
    const runs = words[WORDS.runs]!;
    const seed = words[WORDS.seed]!;
    if (words[WORDS.beat] !== beat) {
      beat = words[WORDS.beat]!;
      beatAt = now;
    }
    onProgress({ runs, seed, elapsedMs: now - begun });
    if (now - beatAt < patienceMs) return;
    const error = `the run does not end within ${patienceMs / 1000} s`;
    resolve({ runs, finding: { seed, input: null, error } });
  };
}
