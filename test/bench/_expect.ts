/**
 * What the benchmark must show on either source.
 */

import { assert, assertAlmostEquals, assertEquals, AssertionError } from "@std/assert";
import { type Cell, conserves } from "../../src/report/schema.ts";
import { changedCopy } from "../../bench/checkout_copy.ts";
import { runBench } from "./_bench.ts";

/** Wake-ups that come while the reader is not scheduled merge into one: on a busy machine a run may be repeated. */
const ATTEMPTS = 6;

/** A run over two rings and two thresholds is complete and exact, each time, and wakes as it was told to. */
export async function expectHonestCells(source: "kernel" | "memory"): Promise<void> {
  let merged: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    merged = (await exactCells(source)).flatMap(wakesOtherThanTold);
    if (merged.length === 0) return;
  }
  throw new AssertionError(`none of ${ATTEMPTS} runs woke as it was told to: ${merged.join("; ")}`);
}

async function exactCells(source: "kernel" | "memory"): Promise<readonly Cell[]> {
  const { code, stdout, stderr, results, report } = await runBench([
    ...["--source", source, "--ring-bytes", "64KiB,256KiB", "--wakeup-events", "1,16"],
    ...["--rate", "10k", "--arrivals", "fixed", "--duration", "600ms", "--label", "a test"],
  ]);
  assertEquals(code, 0, stderr);
  assert(results !== null && report !== null && report.includes("a test"));
  assertEquals(results.cells.length, 8);
  for (const cell of results.cells) {
    assertEquals(cell.source, source);
    assert(conserves(cell) && cell.exact && cell.produced > 0 && cell.wakeups !== null && cell.wakeups > 0);
    if (cell.suite === "throughput") assertEquals(cell.latency, null);
    expectAccounts(cell);
    expectStages(cell);
  }
  assert(
    stdout.includes("wakeups") &&
      stdout.includes(source === "kernel" ? "kernel events" : "no kernel involved"),
  );
  return results.cells;
}

/** What each cell says of its thread. */
export function expectAccounts(cell: Cell): void {
  const { cpuNsPerEvent, userNsPerEvent, systemNsPerEvent, switches, stealShare, waitShare } = cell;
  assert(cpuNsPerEvent! > 0 && switches!.voluntary >= 0 && switches!.involuntary >= 0);
  assertAlmostEquals(userNsPerEvent! + systemNsPerEvent!, cpuNsPerEvent!, 1e-6 * cpuNsPerEvent!);
  assert(stealShare === null || stealShare! <= 1);
  // A thread may have waited from before the cell on.
  assert(waitShare === null || waitShare! < 2, `${waitShare}`);
}

/** Where there are latencies, all stages are there, of the same events, and their percentiles ascend. */
export function expectStages({ suite, latency, arrivals, lost }: Cell): void {
  if (latency === null) return;
  const origin = arrivals === "pingpong" ? "asked" : "planned";
  assertEquals(
    latency.map(({ stage, from }) => `${stage} from ${from}`),
    [
      `handled from ${origin}`,
      "handled from emitted",
      `emitted from ${origin}`,
      "wake from emitted",
      "read from wake",
      "handled from read",
    ],
    suite,
  );
  assertEquals(new Set(latency.map(({ count }) => count)).size, 1);
  for (const stage of latency) {
    const { stage: name, from, negative, count, p50, p90, p99, p999, p9999, max } = stage;
    assertEquals(stage.lost ?? 0, lost);
    const told = [p50, p90, p99, p999, p9999, max].filter((ns) => ns !== null);
    assertEquals(told, told.toSorted((a, b) => a - b), `${suite}: ${name} from ${from}`);
    // What is between two readings of one clock is never negative; a wake-up is where the reader was awake already.
    assert(
      negative === 0 || name === "wake" && negative < count,
      `${suite}: ${negative} ${name} from ${from}`,
    );
  }
}

/**
 * Saturating at 1, at least a wake-up per 8 events; open loop at 16, within 20 % of a wake-up per 16 events, but fewer where
 * the generator fell behind: it emits what it has missed in a row then. A machine on which the open loop saturates gives no
 * latencies.
 */
function wakesOtherThanTold(
  { suite, ringBytes, wakeupEvents, wakeups, dispatched, latency, flags }: Cell,
): string[] {
  if (suite === "latency" && latency === null) return [`${suite}, ring ${ringBytes}: no latencies`];
  const perEvent = wakeups! / dispatched;
  const isRight = suite === "throughput"
    ? wakeupEvents !== 1 || perEvent >= 1 / 8
    : wakeupEvents !== 16 || perEvent * 16 <= 1.2 && (perEvent * 16 >= 0.8 || flags.includes("lagged"));
  return isRight ? [] : [`${suite}, ring ${ringBytes}, wakeup ${wakeupEvents}: ${perEvent} per event`];
}

/** Each suite once, with few and short cells: complete, exact, and with the stages of their events. */
export async function expectEverySuite(source: "kernel" | "memory"): Promise<void> {
  const suites = ["throughput", "latency", "pingpong", "size", "payload", "cpus", "waiters"];
  const { code, stderr, results } = await runBench([
    ...["--source", source, "--suite", suites.join(), "--ring-bytes", "64KiB", "--wakeup-events", "4"],
    ...["--watermark", "4KiB", "--payload", "32,200", "--rate", "5k,20%", "--arrivals", "poisson,fixed"],
    ...["--duration", "60ms", "--quick"],
  ]);
  assertEquals(code, 0, stderr);
  const { cells, noiseFloor } = results!;
  assert(noiseFloor!.spanNs > 0);
  assertEquals([...new Set(cells.map(({ suite }) => suite))], suites);
  for (const cell of cells) {
    assertEquals(cell.source, source);
    assert(conserves(cell) && cell.exact && cell.produced > 0, cell.suite);
    assertEquals(cell.latency === null, cell.arrivals === undefined || cell.flags.includes("saturated"));
    assertEquals(cell.rate === null, cell.arrivals === undefined || cell.arrivals === "pingpong");
    expectAccounts(cell);
    expectStages(cell);
  }
  const waiters = cells.filter(({ suite }) => suite === "waiters").map(({ waiter }) => waiter);
  assertEquals(
    waiters,
    source === "kernel" ? ["epoll", "poll", "spin-sleep", "spin"] : ["atomics", "spin-sleep", "spin"],
  );
  const producers = Math.max(...cells.map(({ cpus }) => cpus));
  const shared = cells.filter(({ flags }) => flags.includes("one-cpu"));
  assert(shared.length > 0 && shared.every(({ cpus }) => cpus === producers));
  if (source === "memory") return;
  const rings = new Set(cells.filter(({ suite }) => suite === "pingpong").map(({ ring }) => ring));
  assertEquals([...rings], ["perf", "ringbuf"]);
  assert(cells.some(({ watermarkBytes, wakeupEvents }) => watermarkBytes === 4096 && wakeupEvents === null));
}

/** A scanner that loses every 1,000th record is found out: the run exits 1 and says which cell does not add up. */
export async function expectDropsFound(source: "kernel" | "memory"): Promise<void> {
  const scan = "    if (!this.scanner.scan(ring, batch)) return false;\n";
  const drop = "    if ((dropCounter += batch.count) >= 1000) batch.count--, dropCounter -= 1000;\n";
  const reader = "/** The scanner of a pipe, with its counts. */\n";
  await using copy = await changedCopy({
    file: "src/pipe/ring_reader.ts",
    replaced: [[scan, scan + drop], [reader, "let dropCounter = 0;\n\n" + reader]],
    by: "test/bench/_expect.ts",
  });
  const args = [
    "--source",
    source,
    "--suite",
    "throughput",
    "--ring-bytes",
    "256KiB",
    "--wakeup-events",
    "16",
  ];
  const { code, stderr, results } = await runBench([...args, "--duration", "100ms"], { root: copy.path });
  assertEquals(code, 1, stderr);
  assert(results !== null && results.cells.some((cell) => !conserves(cell)));
  assert(stderr.includes("Events do not add up"), stderr);
}
