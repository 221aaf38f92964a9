/**
 * `deno task fuzz`: runs what parses the bytes of others on random and broken input, until something is wrong or the time is
 * over. Each run is determined by its seed.
 *
 * @module
 */

import { oneOf, type Options, runCommand, UsageError } from "../../src/cli/args.ts";
import { EXIT_FAILED, EXIT_OK } from "../../src/cli/exit.ts";
import { parseCount, parseDurationMs } from "../../src/cli/units.ts";
import { type Progress, type Result, runCampaign } from "./campaign.ts";
import { SEEDS } from "./random.ts";
import { Scratch } from "./scratch.ts";
import { TARGETS } from "./targets.ts";

/** Runs take milliseconds at most. */
const PATIENCE_MS = 20_000;

/** Where standard error is no terminal, a line is written so often. */
const LINE_MS = 10_000;

/** What ends a campaign early, with its summary. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

const OPTIONS = {
  target: {
    type: "string",
    value: "NAME",
    help:
      "perf (the scanner of perf rings), ringbuf (that of BPF ring buffers), record-file (the reader of recordings)",
    parse: oneOf(...TARGETS),
  },
  seconds: {
    type: "string",
    value: "TIME",
    help: "how long to go on",
    default: "10",
    parse: parseDurationMs,
  },
  seed: {
    type: "string",
    value: "COUNT",
    help: "the seed of the first run, below 2^32; a random one unless given",
    parse: parseSeed,
  },
} as const satisfies Options;

const COMMAND = {
  name: "fuzz",
  summary:
    "Run what parses rings and recordings on random and broken input, and hold it against an oracle. An input that " +
    "fails is made smaller and printed with its seed. Exit status 1 if there is one.",
  options: OPTIONS,
  examples: [
    "fuzz --target perf",
    "fuzz --target ringbuf --seconds 1h",
    "fuzz --target record-file --seed 1898009694",
  ],
} as const;

async function main(target: string, seed: number, durationMs: number): Promise<number> {
  using scratch = new Scratch();
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  for (const signal of SIGNALS) Deno.addSignalListener(signal, onSignal);
  try {
    const result = await runCampaign({
      worker: new URL("worker.ts", import.meta.url),
      target,
      seed,
      durationMs,
      path: scratch.path,
      patienceMs: PATIENCE_MS,
      signal: interrupt.signal,
      onProgress: progressLine(target, durationMs),
    });
    for (const line of resultLines(target, seed, result)) console.log(line);
    return result.finding === null ? EXIT_OK : EXIT_FAILED;
  } finally {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, onSignal);
  }
}

/** Writes to standard error: one line that changes on a terminal, else one now and then. */
function progressLine(target: string, durationMs: number): (progress: Progress) => void {
  const isTerminal = Deno.stderr.isTerminal();
  const encoder = new TextEncoder();
  let nextMs = 0;
  return ({ runs, seed, elapsedMs }) => {
    if (!isTerminal && elapsedMs < nextMs) return;
    nextMs = elapsedMs + LINE_MS;
    const left = Math.max(0, durationMs - elapsedMs) / 1000;
    const text = `${target}: ${speedText(runs, elapsedMs)}, seed ${seed}, ${left.toFixed(0)} s left`;
    Deno.stderr.writeSync(encoder.encode(isTerminal ? `\r\x1b[K${text}\r` : `${text}\n`));
  };
}

/**
 * What a campaign came to.
 *
 * @param target The name of the target.
 * @param seed The seed of its first run.
 * @param result How it ended.
 * @returns Lines for standard output; one if nothing was found.
 */
export function resultLines(target: string, seed: number, { runs, elapsedMs, finding }: Result): string[] {
  const summary = `${target}: ${speedText(runs, elapsedMs)}, seed ${seed}`;
  if (finding === null) return [`${summary}: nothing found`];
  return [
    finding.error,
    `input: ${finding.input ?? "not made smaller"}`,
    `seed: ${finding.seed}`,
    `again: deno task fuzz --target ${target} --seed ${finding.seed}`,
    `${summary}: found one`,
  ];
}

function speedText(runs: number, elapsedMs: number): string {
  const perSecond = Math.round(runs / Math.max(1, elapsedMs) * 1000);
  const count = runs.toLocaleString("en");
  return `${count} runs in ${(elapsedMs / 1000).toFixed(1)} s, ${perSecond.toLocaleString("en")}/s`;
}

function parseSeed(text: string): number {
  const seed = parseCount(text);
  if (seed < SEEDS) return seed;
  throw new RangeError(`Cannot parse seed: ${text} is not below 2^32`);
}

if (import.meta.main) {
  Deno.exitCode = await runCommand(COMMAND, Deno.args, ({ options }) => {
    const { target, seconds, seed = crypto.getRandomValues(new Uint32Array(1))[0]! } = options;
    if (target === undefined) throw new UsageError(`Missing option --target: one of ${TARGETS.join(", ")}`);
    if (seconds === 0) throw new UsageError("Option --seconds: expected more than 0");
    return main(target, seed, seconds);
  });
}
