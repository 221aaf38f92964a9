/**
 * `deno task bench`: measures throughput and latency over ring sizes and wake-up thresholds, on kernel events where this
 * machine permits them and on the memory source always, and on request eventpipe beside other programs; writes
 * results.json, report.md and report.html.
 *
 * @module
 */

import { oneOf, type Options, runCommand, UsageError } from "../src/cli/args.ts";
import { MissingToolError } from "../src/cli/build.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "../src/cli/exit.ts";
import { ensurePackages } from "../src/cli/packages.ts";
import { parseBytes, parseCount, parseDurationMs, parseRate } from "../src/cli/units.ts";
import { allowedCpus } from "../src/ffi/affinity.ts";
import { libbpf, readCstring } from "../src/ffi/libbpf.ts";
import { monotonicNs } from "../src/ffi/clock.ts";
import type { ScannerKind } from "../src/ring/scanner.ts";
import { openEnvironment } from "../src/report/environment.ts";
import { isCompared, renderComparisons } from "../src/report/comparisons.ts";
import { renderGoals } from "../src/report/goals.ts";
import { renderReport } from "../src/report/markdown.ts";
import { clocksText, noiseFloorText } from "../src/report/remarks.ts";
import { conserves, parseResults, type Results, RESULTS_SCHEMA } from "../src/report/schema.ts";
import { renderTerminal } from "../src/report/terminal.ts";
import { BESIDE_SUITES, type BesideRun, type BesideSuite, runBeside } from "./beside.ts";
import { Interrupt } from "./interrupt.ts";
import { kernelObstacle } from "./obstacle.ts";
import { peerVersions } from "./peers/versions.ts";
import { type CellPlan, planCells, SOURCES, SUITES } from "./plan.ts";
import { sweep } from "./sweep.ts";

/** A cell's duration: the 48 cells of a plain run take about a minute, with --quick some 12 seconds. */
const DURATION_MS = 1200;
const QUICK_DURATION_MS = 200;

/** Repeats the orders and intervals of the suites beside other programs. */
const SEED = 1;

const OPTIONS = {
  suite: {
    type: "list",
    value: "NAME",
    help: "throughput (saturating), latency (open loop at a fixed rate; without throughput also beside " +
      "libbpf), consume (a full ring, beside libbpf and Go), backends (perf ring, BPF ring buffer and memory)",
    default: SUITES.join(),
    parse: oneOf(...new Set([...SUITES, ...BESIDE_SUITES])),
  },
  source: {
    type: "list",
    value: "NAME",
    help:
      "kernel (real events; needs root), memory (no kernel involved); by default what this machine permits",
    parse: oneOf(...SOURCES),
  },
  scanner: {
    type: "list",
    value: "NAME",
    help: "of the suite consume: ts, wasm",
    default: "ts",
    parse: oneOf("ts", "wasm"),
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
    help: "where results.json, report.md and report.html go; results/runs/<UTC time> by default",
  },
  label: { type: "string", value: "TEXT", help: "a name for the report" },
  quick: {
    type: "boolean",
    help:
      "short cells: a look in 20 seconds, not a measurement; beside other programs 5 launches and 40 pairs " +
      "in some minutes, where it is 10 and 200",
  },
} as const satisfies Options;

const COMMAND = {
  name: "bench",
  summary: "Measure throughput and latency of event rings on this machine. Sizes, thresholds, rate and " +
    "duration are those of throughput and latency; beside other programs they are fixed.",
  options: OPTIONS,
  examples: [
    "bench --quick",
    "bench --suite latency --rate 50k --ring-bytes 256KiB --wakeup-events 1,8,64",
    "bench --source memory --payload 32,128,1024",
    "bench --suite consume",
  ],
} as const;

Deno.exitCode = await runCommand(COMMAND, Deno.args, async ({ options }) => {
  if (!(options.rate > 0)) throw new UsageError("--rate: expected more than 0 events per second");
  const asked = options.source ?? [];
  const besides = besideSuites(options.suite, asked);
  ensurePackages(besides.length > 0 ? "peers" : "bench");
  const obstacle = kernelObstacle();
  const swept = SUITES.filter((suite) => options.suite.includes(suite));
  if (obstacle !== null && (asked.includes("kernel") || swept.length === 0)) {
    console.error(`The kernel source cannot run here: ${obstacle}\nTry: deno task doctor`);
    return EXIT_UNSUPPORTED;
  }
  if (obstacle !== null && asked.length === 0) {
    console.error(
      `Measuring the memory source only, since kernel events cannot be had: ${obstacle}\nTry: deno task doctor`,
    );
  }
  const permitted = obstacle === null ? SOURCES : ["memory" as const];
  const plans = planCells({
    suites: swept,
    sources: asked.length === 0 ? permitted : asked,
    ringBytes: options.ringBytes,
    wakeupEvents: options.wakeupEvents,
    payloadBytes: options.payload,
    rate: options.rate,
    durationMs: options.duration ?? (options.quick ? QUICK_DURATION_MS : DURATION_MS),
  });
  const run = {
    plans,
    besides: obstacle === null ? besides : [],
    scanners: options.scanner,
    isQuick: options.quick,
  };
  const { results, hasFailed } = await measure(run, options.label);
  if (results.cells.length === 0) return EXIT_UNSUPPORTED;
  await publish(results, options.out);
  const verdict = judge(results, plans.length);
  return hasFailed ? EXIT_FAILED : verdict;
});

/** The suites that run beside other programs, all on kernel events. */
function besideSuites(
  suites: readonly string[],
  sources: readonly (typeof SOURCES[number])[],
): BesideSuite[] {
  const wanted = BESIDE_SUITES.filter((suite) =>
    suites.includes(suite) && (suite !== "latency" || !suites.includes("throughput"))
  );
  if (sources.length === 0 || sources.includes("kernel")) return wanted;
  const kernelOnly = wanted.find((suite) => suite !== "latency");
  if (kernelOnly === undefined) return [];
  throw new UsageError(`--suite ${kernelOnly} measures kernel events: leave --source out, or give it kernel`);
}

/** What is to be measured. */
interface Run {
  readonly plans: readonly CellPlan[];
  readonly besides: readonly BesideSuite[];
  readonly scanners: readonly ScannerKind[];
  readonly isQuick: boolean;
}

/** The results, and whether all was measured that was not interrupted. */
interface Measured {
  readonly results: Results;
  readonly hasFailed: boolean;
}

async function measure(run: Run, label: string | undefined): Promise<Measured> {
  const { plans, besides } = run;
  const allowed = allowedCpus();
  const producerCpu = allowed[0]!;
  const consumerCpu = allowed.at(-1)!;
  const environment = openEnvironment({
    producerCpus: [producerCpu],
    consumerCpu,
    seeds: besides.length > 0 ? { order: SEED } : {},
  });
  const startedAt = new Date().toISOString();
  using interrupt = await Interrupt.open();
  const swept = plans.length > 0
    ? await sweep(plans, { producerCpu, consumerCpu, interrupt })
    : { cells: [], failure: null };
  const clockCost = clockCostNs();
  const beside = besides.length > 0 && !interrupt.isSet && swept.failure === null
    ? await measureBeside(run, interrupt)
    : null;
  const failure = swept.failure ?? beside?.failure ?? null;
  if (failure !== null) {
    console.error(`A cell failed: ${failure instanceof Error ? failure.message : failure}`);
  }
  if (beside !== null && interrupt.isSet) console.error("Ended before all was measured.");
  const { cells = [], failure: _, ...more } = beside ?? {};
  const results = parseResults({
    schema: RESULTS_SCHEMA,
    ...(label === undefined ? {} : { label }),
    startedAt,
    endedAt: new Date().toISOString(),
    command: ["deno task bench", ...Deno.args.map(quoted)].join(" "),
    environment: environment.finish({
      clockCostNs: clockCost,
      libbpfVersion: libbpfVersion(),
      libraries: beside === null ? {} : peerVersions(),
    }),
    cells: [...swept.cells, ...cells],
    ...more,
  });
  return { results, hasFailed: failure !== null };
}

/** Null where the tools are missing without which none of its programs can run; then it has said so. */
async function measureBeside(
  { besides, scanners, isQuick }: Run,
  interrupt: Interrupt,
): Promise<BesideRun | null> {
  try {
    return await runBeside({
      suites: besides,
      scanners,
      isQuick,
      seed: SEED,
      isInterrupted: () => interrupt.isSet,
      say: (line) => console.error(line),
    });
  } catch (error) {
    if (!(error instanceof MissingToolError)) throw error;
    console.error(`Cannot measure beside other programs: ${error.message}`);
    return null;
  }
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
  // Loaded when it is needed: the charts' library takes half a second.
  const { renderPage } = await import("../src/report/html/page.ts");
  await Deno.writeTextFile(`${folder}/report.html`, await renderPage(results));
  const { cells, goals = [], absent = [], noiseFloor, clocks } = results;
  const swept = cells.filter((cell) => !isCompared(cell));
  if (swept.length > 0) console.log(renderTerminal({ ...results, cells: swept }));
  if (swept.length < cells.length) console.log(renderComparisons(cells) + "\n");
  if (goals.length > 0) console.log(renderGoals(goals) + "\n");
  for (const { name, reason } of absent) console.log(`Not measured: ${name}: ${reason}.`);
  if (clocks !== undefined) console.log(clocksText(clocks));
  if (noiseFloor !== undefined) console.log(noiseFloorText(noiseFloor));
  console.error(`Written: ${folder}/results.json, ${folder}/report.md, ${folder}/report.html`);
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
