/**
 * `deno task bench`: measures throughput and latency over ring sizes and wake-up thresholds, on kernel events where this
 * machine permits them and on the memory source always, and on request eventpipe beside other programs; writes
 * results.json, report.md and report.html.
 *
 * @module
 */

import { runCommand, UsageError } from "../src/cli/args.ts";
import { MissingToolError } from "../src/cli/build.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "../src/cli/exit.ts";
import { ensurePackages } from "../src/cli/packages.ts";
import { allowedCpus } from "../src/ffi/affinity.ts";
import type { ScannerKind } from "../src/ring/scanner.ts";
import { renderConsole } from "../src/report/console.ts";
import { openEnvironment } from "../src/report/environment.ts";
import { noiseFloorText } from "../src/report/remarks.ts";
import { conserves, parseResults, type Results, RESULTS_SCHEMA } from "../src/report/schema.ts";
import { writeReports } from "../src/report/write_reports.ts";
import { BESIDE_SUITES, type BesideRun, type BesideSuite, runBeside } from "./beside.ts";
import { buildRingbufLoad } from "./cell/ringbuf_load.ts";
import { Interrupt } from "./interrupt.ts";
import { clockCostNs, libbpfVersion, watchFloor } from "./machine.ts";
import { kernelObstacle } from "./obstacle.ts";
import { COMMAND } from "./options.ts";
import { peerVersions } from "./peers/versions.ts";
import { type PlannedCell, type SourceName, SOURCES, type Suite, SUITES } from "./plan/cell_plan.ts";
import { expectedMs, planCells } from "./plan/plan.ts";
import { type Profile, type ProfileName, PROFILES } from "./profile.ts";
import { gateSeconds } from "./suites/gate_plan.ts";
import { openReference, type Reference } from "./suites/gate_reference.ts";
import { sweep } from "./sweep.ts";

/** Repeats the orders and intervals of the suites beside other programs, and random arrivals. */
const SEED = 1;

/** The suite for continuous integration: a small part of the others, so no profile has it. */
const GATE = "gate";

Deno.exitCode = await runCommand(COMMAND, Deno.args, async ({ options }) => {
  const profile = chooseProfile(options);
  const asked = options.source;
  const suites: readonly string[] = given(options.suite) ?? profile.suites;
  const swept = SUITES.filter((suite) => suites.includes(suite));
  const besides = given(options.suite) === null
    ? profileBesides(profile, asked)
    : besideSuites(suites, asked);
  if (options.against !== undefined && !besides.includes(GATE)) {
    throw new UsageError("--against is what the suite gate divides by: give it --suite gate");
  }
  const reference = besides.includes(GATE) ? await openReference(options.against ?? null) : null;
  ensurePackages(besides.length > 0 ? "peers" : "bench");
  const obstacle = kernelObstacle();
  if (obstacle !== null && (asked.includes("kernel") || swept.length === 0)) {
    console.error(`The kernel source cannot run here: ${obstacle}\nTry: deno task doctor`);
    return EXIT_UNSUPPORTED;
  }
  if (obstacle !== null && asked.length === 0) {
    console.error(
      `Measuring the memory source only, since kernel events cannot be had: ${obstacle}\nTry: deno task doctor`,
    );
  }
  const permitted: readonly SourceName[] = obstacle === null ? SOURCES : ["memory"];
  const sources = asked.length === 0 ? permitted : asked;
  const ringbufLoad = sources.includes("kernel") && wantsRingbuf(swept, options.ring)
    ? await buildRingbufLoad()
    : null;
  if (ringbufLoad === null && sources.includes("kernel") && options.ring.includes("ringbuf")) {
    console.error("BPF ring buffers cannot be measured: there is no compiler\nTry: deno task setup test");
    return EXIT_UNSUPPORTED;
  }
  const allowed = allowedCpus();
  const plans = planCells({
    suites: swept,
    sources,
    rings: options.ring,
    hasRingbuf: ringbufLoad !== null,
    ringBytes: given(options.ringBytes),
    payloadBytes: given(options.payload),
    wakeupEvents: options.wakeupEvents,
    watermarkBytes: options.watermark,
    waiter: options.waiter ?? null,
    scanner: options.scanner[0]!,
    rates: given(options.rate) ?? profile.rates,
    arrivals: given(options.arrivals) ?? profile.arrivals,
    durationMs: options.duration ?? profile.durationMs,
    allCpus: allowed.length,
    repeat: options.repeat ?? profile.repeat,
  });
  const run: Run = {
    plans,
    besides: obstacle === null ? besides : [],
    floorMs: options.suite.includes("floor") ? options.duration ?? PROFILES.full.floorMs : profile.floorMs,
    scanners: options.scanner,
    isQuick: profile.isQuick,
    reference,
    allowed,
    ringbufLoad,
  };
  const { results, swept: measured, hasFailed } = await measure(run, options.label);
  if (results.cells.length === 0 && !swept.includes("floor")) return EXIT_UNSUPPORTED;
  await publish(results, options.out);
  if (measured < plans.length) console.error(`Ended after ${measured} of ${plans.length} cells.`);
  const verdict = judge(results);
  return hasFailed ? EXIT_FAILED : verdict;
});

/** A list that was given; null where none was. */
function given<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}

/** The profile that is asked for; of several the most thorough. */
function chooseProfile(asked: Readonly<Record<Exclude<ProfileName, "default">, boolean>>): Profile {
  const name = (["full", "thorough", "quick"] as const).find((each) => asked[each]) ?? "default";
  return PROFILES[name];
}

/** The suites beside other programs that a profile has; all of them are of kernel events. */
function profileBesides({ besides }: Profile, sources: readonly SourceName[]): BesideSuite[] {
  if (sources.length > 0 && !sources.includes("kernel")) return [];
  return BESIDE_SUITES.filter((suite) => besides === null ? suite !== GATE : besides.includes(suite));
}

/** Whether a BPF ring buffer has a place in some of the cells. */
function wantsRingbuf(suites: readonly Suite[], rings: readonly string[]): boolean {
  return rings.includes("ringbuf") || suites.includes("pingpong") || suites.includes("cpus");
}

/** The suites that run beside other programs, all on kernel events. */
function besideSuites(suites: readonly string[], sources: readonly SourceName[]): BesideSuite[] {
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
  readonly plans: readonly PlannedCell[];
  readonly besides: readonly BesideSuite[];
  /** How long the noise floor is watched. */
  readonly floorMs: number;
  readonly scanners: readonly ScannerKind[];
  readonly isQuick: boolean;
  /** What the suite `gate` divides by; null where it is not among them. */
  readonly reference: Reference | null;
  /** The CPUs of this process. */
  readonly allowed: readonly number[];
  readonly ringbufLoad: string | null;
}

/** The results, and whether all was measured that was not interrupted. */
interface Measured {
  readonly results: Results;
  /** How many of the planned cells there are. */
  readonly swept: number;
  readonly hasFailed: boolean;
}

async function measure(run: Run, label: string | undefined): Promise<Measured> {
  const { plans, besides, allowed, ringbufLoad } = run;
  const producers = Math.max(1, ...plans.map(({ cpus }) => cpus));
  const consumerCpu = allowed.at(-1)!;
  const environment = openEnvironment({
    producerCpus: allowed.slice(0, producers),
    consumerCpu,
    seeds: { arrivals: SEED, ...(besides.length > 0 ? { order: SEED } : {}) },
  });
  const startedAt = new Date().toISOString();
  console.error(expectation(run));
  using interrupt = await Interrupt.open();
  const noiseFloor = watchFloor(consumerCpu, run.floorMs);
  console.error(noiseFloorText(noiseFloor));
  const swept = plans.length > 0 && !interrupt.isSet
    ? await sweep(plans, { producerCpus: allowed, consumerCpu, ringbufLoad, interrupt, seed: SEED })
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
    noiseFloor,
    ...more,
    ...(interrupt.isSet || failure !== null ? { partial: true } : {}),
  });
  return { results, swept: swept.cells.length, hasFailed: failure !== null };
}

/** How long it will take. */
function expectation({ plans, besides, floorMs, scanners, isQuick }: Run): string {
  const cells = plans.length === 0 ? "the machine alone" : `${plans.length} cells`;
  const parts = [
    `${cells}, about ${secondsText((expectedMs(plans) + floorMs) / 1000)}`,
    ...besides.map((suite) =>
      suite === GATE
        ? `gate, about ${secondsText(gateSeconds(scanners, isQuick))}`
        : `${suite} beside other programs, some minutes`
    ),
  ];
  return `${parts.join("; then ")}. Ctrl-C ends it with what is measured by then.`;
}

function secondsText(seconds: number): string {
  return seconds < 100 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** Null where the tools are missing without which none of its programs can run; then it has said so. */
async function measureBeside(
  { besides, scanners, isQuick, reference, allowed }: Run,
  interrupt: Interrupt,
): Promise<BesideRun | null> {
  try {
    return await runBeside({
      suites: besides,
      scanners,
      isQuick,
      allowed,
      reference,
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
  const written = await writeReports(results, folder);
  console.log(renderConsole(results));
  console.error(`Written: ${written.join(", ")}`);
}

function judge({ cells }: Results): number {
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
