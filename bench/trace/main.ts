/**
 * `deno task bench:trace`: measures the tracer beside bpftrace, perf trace and perf record on this machine: how long until
 * the first event, how long to stop, how much memory, and what it costs the programs it watches.
 *
 * @module
 */

import { type Options, runCommand, UsageError } from "../../src/cli/args.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "../../src/cli/exit.ts";
import { ensureMounts } from "../../src/cli/mounts.ts";
import { parseCount } from "../../src/cli/units.ts";
import { Bench } from "./bench.ts";
import { renderTables, renderTraceReport } from "./report.ts";
import type { TraceResults } from "./results.ts";
import { findTools, type FoundTools } from "./tools.ts";

const SEEDS = 2 ** 32;

const OPTIONS = {
  runs: { type: "string", short: "n", value: "N", help: "rounds", default: "5", parse: parseCount },
  pairs: {
    type: "string",
    value: "N",
    help: "how often the traced program opens and closes a file",
    default: "20000",
    parse: parseCount,
  },
  seed: { type: "string", value: "N", help: "repeats the order of another run", parse: parseCount },
  out: { type: "string", value: "DIR", help: "where results.json and report.md go; nowhere unless given" },
} as const satisfies Options;

const COMMAND = {
  name: "bench:trace",
  summary: "Measure the tracer beside bpftrace, perf trace and perf record.",
  options: OPTIONS,
  examples: ["bench:trace", "bench:trace --runs 9 --out results/runs/trace"],
} as const;

Deno.exitCode = await runCommand(COMMAND, Deno.args, async ({ options }) => {
  const { runs, pairs, out } = options;
  if (runs < 1) throw new UsageError("--runs: at least 1");
  if (pairs < 1) throw new UsageError("--pairs: at least 1");
  if (Deno.uid() !== 0) {
    console.error("Tracing the whole machine needs root here\nTry: deno task doctor");
    return EXIT_UNSUPPORTED;
  }
  ensureMounts(["tracefs"]);
  const seed = (options.seed ?? Math.floor(Math.random() * SEEDS)) % SEEDS;
  const found = await findTools();
  for (const { name, reason } of found.absent) console.error(`Not measured: ${name}, since ${reason}`);
  console.error(`Order from seed ${seed}; ${runs} rounds take about ${minutes(runs, found)} minutes`);
  const results = await new Bench(found, runs, pairs, seed).run();
  console.log(renderTables(results));
  if (out !== undefined) await publish(results, out);
  const { failures } = results;
  for (const { tool, what, message } of failures) console.error(`Failed: ${tool}, ${what}: ${message}`);
  return failures.some(({ isOurs }) => isOurs) ? EXIT_FAILED : EXIT_OK;
});

/** Some 4 s per run of a tool, and the slow stops once. */
function minutes(runs: number, { tools }: FoundTools): number {
  const ways = tools.reduce((sum, { open }) => sum + open.length, 0);
  return Math.ceil((runs * (tools.length * 2 + ways) * 4.5 + tools.length * 30) / 60);
}

async function publish(results: TraceResults, folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/results.json`, JSON.stringify(results, null, 2) + "\n");
  await Deno.writeTextFile(`${folder}/report.md`, renderTraceReport(results));
  console.error(`Written: ${folder}/results.json, ${folder}/report.md`);
}
