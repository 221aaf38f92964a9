/**
 * `deno task bench`: measures throughput and latency over ring sizes and wake-up thresholds, on kernel events where this
 * machine permits them and on the memory source always, and writes results.json and report.md.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { oneOf, type Options, runCommand, UsageError } from "../src/cli/args.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "../src/cli/exit.ts";
import { ensurePackages } from "../src/cli/packages.ts";
import { parseBytes, parseCount, parseDurationMs, parseRate } from "../src/cli/units.ts";
import { allowedCpus, pinThread } from "../src/ffi/affinity.ts";
import { libbpf, readCstring } from "../src/ffi/libbpf.ts";
import { monotonicNs } from "../src/ffi/clock.ts";
import { PerfSource } from "../src/source/perf.ts";
import { openEnvironment } from "../src/report/environment.ts";
import { renderReport } from "../src/report/markdown.ts";
import { type Cell, conserves, parseResults, type Results, RESULTS_SCHEMA } from "../src/report/schema.ts";
import { renderTerminal } from "../src/report/terminal.ts";
import { measureCell } from "./cell.ts";
import { Interrupt } from "./interrupt.ts";
import { LoadGenerator } from "./load_generator.ts";
import { type CellPlan, planCells, SOURCES, SUITES } from "./plan.ts";
import { openProgress } from "./progress.ts";
import { startWorker } from "./worker.ts";

/** A cell's duration: the 48 cells of a plain run take about a minute, with --quick some 12 seconds. */
const DURATION_MS = 1200;
const QUICK_DURATION_MS = 200;
/** Before the first cell of a source, one that is thrown away warms the compiler up. */
const WARM_UP_MS = 200;

const OPTIONS = {
  suite: {
    type: "list",
    value: "NAME",
    help: "throughput (saturating), latency (open loop at a fixed rate)",
    default: SUITES.join(),
    parse: oneOf(...SUITES),
  },
  source: {
    type: "list",
    value: "NAME",
    help:
      "kernel (real events; needs root), memory (no kernel involved); by default what this machine permits",
    parse: oneOf(...SOURCES),
  },
  "ring-bytes": {
    type: "list",
    value: "SIZE",
    help: "data bytes per ring, powers of two",
    default: "16KiB,64KiB,256KiB,1MiB",
    parse: parseBytes,
  },
  "wakeup-events": {
    type: "list",
    value: "COUNT",
    help: "wake the reader after so many events",
    default: "1,16,256",
    parse: parseCount,
  },
  payload: { type: "list", value: "SIZE", help: "bytes per event", default: "128", parse: parseBytes },
  rate: {
    type: "string",
    value: "RATE",
    help: "events per second of the latency suite",
    default: "10k",
    parse: parseRate,
  },
  duration: {
    type: "string",
    value: "TIME",
    help: "per cell; 1.2s, or 200ms with --quick",
    parse: parseDurationMs,
  },
  out: {
    type: "string",
    value: "DIR",
    help: "where results.json and report.md go; results/runs/<UTC time> by default",
  },
  label: { type: "string", value: "TEXT", help: "a name for the report" },
  quick: { type: "boolean", help: "short cells: a look in 20 seconds, not a measurement" },
} as const satisfies Options;

const COMMAND = {
  name: "bench",
  summary: "Measure throughput and latency of event rings on this machine.",
  options: OPTIONS,
  examples: [
    "bench --quick",
    "bench --suite latency --rate 50k --ring-bytes 256KiB --wakeup-events 1,8,64",
    "bench --source memory --payload 32,128,1024",
  ],
} as const;

Deno.exitCode = await runCommand(COMMAND, Deno.args, async ({ options }) => {
  if (!(options.rate > 0)) throw new UsageError("--rate: expected more than 0 events per second");
  ensurePackages("bench");
  const obstacle = kernelObstacle();
  const sources = options.source ?? [];
  if (obstacle !== null && sources.includes("kernel")) {
    console.error(`The kernel source cannot run here: ${obstacle}\nTry: deno task doctor`);
    return EXIT_UNSUPPORTED;
  }
  if (obstacle !== null && sources.length === 0) {
    console.error(
      `Measuring the memory source only, since kernel events cannot be had: ${obstacle}\nTry: deno task doctor`,
    );
  }
  const permitted = obstacle === null ? SOURCES : ["memory" as const];
  const plans = planCells({
    suites: options.suite,
    sources: sources.length === 0 ? permitted : sources,
    ringBytes: options.ringBytes,
    wakeupEvents: options.wakeupEvents,
    payloadBytes: options.payload,
    rate: options.rate,
    durationMs: options.duration ?? (options.quick ? QUICK_DURATION_MS : DURATION_MS),
  });
  const { results, hasFailed } = await measure(plans, options.label);
  await publish(results, options.out);
  const verdict = judge(results, plans.length);
  return hasFailed ? EXIT_FAILED : verdict;
});

/** Why kernel events cannot be had here; null if they can: the whole road is opened to find out. */
function kernelObstacle(): string | null {
  try {
    const source = PerfSource.open({ ringBytes: 65536 });
    try {
      new LoadGenerator(source.mapFd)[Symbol.dispose]();
    } finally {
      source.close();
    }
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The results, and whether all cells were measured that were not interrupted. */
interface Measured {
  readonly results: Results;
  readonly hasFailed: boolean;
}

async function measure(plans: readonly CellPlan[], label: string | undefined): Promise<Measured> {
  const allowed = allowedCpus();
  const producerCpu = allowed[0]!;
  const consumerCpu = allowed.at(-1)!;
  const environment = openEnvironment({ producerCpus: [producerCpu], consumerCpu });
  const startedAt = new Date().toISOString();
  const producer = await startWorker("./producer_worker.ts");
  pinThread(consumerCpu);
  using interrupt = await Interrupt.open();
  const parties = { producer, producerCpu, interrupt };
  const cells: Cell[] = [];
  const progress = openProgress(plans.length);
  let failure: unknown = null;
  try {
    let warm: CellPlan["source"] | undefined;
    for (const plan of plans) {
      progress.begin(plan);
      if (plan.source !== warm) measureCell({ ...plan, durationMs: WARM_UP_MS }, parties);
      warm = plan.source;
      if (interrupt.isSet) break;
      const cell = measureCell(plan, parties);
      if (producerCpu === consumerCpu) cell.flags.push("one-cpu");
      cells.push(cell);
      progress.end(cell);
      await setImmediate(); // lets the progress out
      if (interrupt.isSet) break;
    }
  } catch (error) {
    // What was measured before is published all the same.
    if (cells.length === 0) throw error;
    failure = error;
  } finally {
    progress.close();
    producer.terminate();
  }
  if (failure !== null) {
    console.error(`A cell failed: ${failure instanceof Error ? failure.message : failure}`);
  }
  const results = parseResults({
    schema: RESULTS_SCHEMA,
    ...(label === undefined ? {} : { label }),
    startedAt,
    endedAt: new Date().toISOString(),
    command: ["deno task bench", ...Deno.args.map(quoted)].join(" "),
    environment: environment.finish({ clockCostNs: clockCostNs(), libbpfVersion: libbpfVersion() }),
    cells,
  });
  return { results, hasFailed: failure !== null };
}

/** An argument as it must be written in a shell. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

async function publish(results: Results, out: string | undefined): Promise<void> {
  const folder = out ?? `results/runs/${results.startedAt.replace(/[:.]/g, "-")}`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/results.json`, JSON.stringify(results, null, 2) + "\n");
  await Deno.writeTextFile(`${folder}/report.md`, renderReport(results));
  console.log(renderTerminal(results));
  console.error(`Written: ${folder}/results.json, ${folder}/report.md`);
}

function judge({ cells }: Results, planned: number): number {
  if (cells.length < planned) console.error(`Ended after ${cells.length} of ${planned} cells.`);
  const wrong = cells.filter((cell) => !conserves(cell) || !cell.exact);
  for (
    const { source, suite, ringBytes, wakeupEvents, produced, dispatched, unknown, lost, left, corrupt }
      of wrong
  ) {
    console.error(
      `Events do not add up (${source} ${suite}, ring ${ringBytes}, wakeup ${wakeupEvents}): produced ${produced}, ` +
        `but dispatched ${dispatched} + unknown ${unknown} + lost ${lost} + left ${left}; corrupt ${corrupt}`,
    );
  }
  return wrong.length === 0 ? EXIT_OK : EXIT_FAILED;
}

/** The best of many readings: the rest is interference. */
function clockCostNs(): number {
  const READINGS = 10_000;
  let best = Infinity;
  for (let round = 0; round < 20; round++) {
    const start = monotonicNs();
    for (let i = 0; i < READINGS; i++) monotonicNs();
    best = Math.min(best, (monotonicNs() - start) / READINGS);
  }
  return best;
}

function libbpfVersion(): string | null {
  try {
    return readCstring(libbpf().libbpf_version_string());
  } catch {
    return null;
  }
}
