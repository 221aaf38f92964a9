/**
 * What a run measures: the suites and the axes of the command line made into a list of cells, one configuration each.
 *
 * @module
 */

import { LOAD_EVENT } from "../src/abi/event.ts";
import { MAX_PAYLOAD_BYTES } from "../src/abi/perf_event.ts";
import { UsageError } from "../src/cli/args.ts";
import { parseRate } from "../src/cli/units.ts";
import { maxPayloadBytes } from "../src/ring/geometry.ts";
import { maxRingbufPayloadBytes } from "../src/ring/ringbuf_geometry.ts";
import type { ScannerKind } from "../src/ring/scanner.ts";
import type { WaiterName } from "../src/wait/open.ts";
import type { Arrivals } from "./arrivals.ts";
import { FLUSH_MS, type RingKind, type Setting, type Wakeup } from "./setting.ts";

/**
 * The suites of cells: `throughput` saturates, `latency` offers events at a rate whatever the consumer does, `pingpong` sends
 * each event when the one before was handled; `size`, `payload`, `cpus` and `waiters` vary one thing each; `floor` has no
 * cells, it watches the machine.
 */
export const SUITES = [
  "throughput",
  "latency",
  "pingpong",
  "size",
  "payload",
  "cpus",
  "waiters",
  "floor",
] as const;

/** The name of a suite. */
export type Suite = typeof SUITES[number];

/** The sources: `kernel` is a BPF program's output, `memory` is written by TypeScript in a Worker. */
export const SOURCES = ["kernel", "memory"] as const;

/** The name of a source. */
export type SourceName = typeof SOURCES[number];

/** How events are offered to a cell: without end, at a rate, or each when the one before was handled. */
export type Load =
  | { readonly kind: "saturating" }
  | {
    readonly kind: "rate";
    /** Events per second, of all producers together. */
    readonly rate: number;
    readonly arrivals: Arrivals;
    /** The rate as a share of the capacity, where it was chosen so. */
    readonly share?: number;
  }
  | { readonly kind: "pingpong" };

/** A rate that is known when the configuration has been measured: so much of what a saturating cell of it handled. */
export interface ShareLoad {
  readonly kind: "share";
  readonly share: number;
  readonly arrivals: Arrivals;
}

/** One configuration to measure. */
export interface CellPlan<L = Load> {
  readonly suite: Suite;
  readonly source: SourceName;
  readonly setting: Setting;
  readonly payloadBytes: number;
  /** How many CPUs produce. */
  readonly cpus: number;
  readonly load: L;
  readonly durationMs: number;
}

/** A cell of a plan: its load may hang on another cell, which stands in front of it then. */
export type PlannedCell = CellPlan<Load | ShareLoad>;

/** A rate of the command line: events per second, or a share of the capacity. */
export type Rate = { readonly rate: number } | { readonly share: number };

/** What to measure, each list in the order it is measured. */
export interface PlanOptions {
  readonly suites: readonly Suite[];
  readonly sources: readonly SourceName[];
  /** The kinds of ring that the kernel source is measured with. */
  readonly rings: readonly RingKind[];
  /** Whether BPF ring buffers can be measured at all: the suites that compare the kinds have them then. */
  readonly hasRingbuf: boolean;
  /** Null for those that each suite has by itself. */
  readonly ringBytes: readonly number[] | null;
  readonly payloadBytes: readonly number[] | null;
  readonly wakeupEvents: readonly number[];
  /** Watermarks of kernel rings, measured beside `wakeupEvents`. */
  readonly watermarkBytes: readonly number[];
  /** Null for the usual one of each source. */
  readonly waiter: WaiterName | null;
  readonly scanner: ScannerKind;
  readonly rates: readonly Rate[];
  readonly arrivals: readonly Arrivals[];
  readonly durationMs: number;
  /** How many CPUs can produce. */
  readonly allCpus: number;
  /** How often the whole list is measured. */
  readonly repeat: number;
}

/** The latencies of a cell are kept, in four stages. */
export const MAX_LATENCIES = 8e6;

/** What a cell takes beside its duration: opening and closing, which waits for outputs under way, and sorting. */
const OVERHEAD_MS = 90;

const RING_BYTES = [16, 64, 256, 1024].map((kib) => kib * 1024);
const PAYLOAD_BYTES = 128;

/** From one page to more than the second-level cache holds. */
const SIZES = [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096].map((kib) => kib * 1024);
const PAYLOADS = [32, 64, 128, 256, 512, 1024, 2048, 4096];

/** Where payloads are varied: so large that a ring holds hundreds of the longest. */
const PAYLOAD_RING_BYTES = 4 * 1024 * 1024;

/**
 * Reads a rate of the command line.
 *
 * @param text Events per second such as `10k`, or a share such as `50%`.
 * @returns The rate.
 * @throws {RangeError} If it is neither, or nothing.
 */
export function readRate(text: string): Rate {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  const value = percent === undefined ? parseRate(text) : Number(percent) / 100;
  if (!(value > 0)) throw new RangeError("expected more than 0 events per second");
  return percent === undefined ? { rate: value } : { share: value };
}

/**
 * Makes the list of cells, grouped by source and suite. In front of a share of the capacity stands the saturating cell that
 * tells it.
 *
 * @param options What to measure.
 * @returns The cells in the order they are measured.
 * @throws {UsageError} If a value cannot be measured.
 */
export function planCells(options: PlanOptions): PlannedCell[] {
  checkPlan(options);
  const cells = options.sources.flatMap((source) =>
    options.suites.flatMap((suite) => cellsOf(suite, source, options))
  );
  for (const cell of cells) checkCell(cell);
  const round = withCapacities(cells);
  return Array.from({ length: options.repeat }, () => round).flat();
}

/**
 * How long some cells take, about.
 *
 * @param plans The cells.
 * @returns Milliseconds.
 */
export function expectedMs(plans: readonly Pick<PlannedCell, "durationMs">[]): number {
  return plans.reduce((sum, { durationMs }) => sum + durationMs + OVERHEAD_MS, 0);
}

/**
 * What the capacity of a cell hangs on: all of its configuration but the load.
 *
 * @param cell The cell.
 * @returns A text that is the same for cells of one configuration.
 */
export function configurationKey({ source, setting, payloadBytes, cpus }: PlannedCell): string {
  return JSON.stringify([source, setting, payloadBytes, cpus]);
}

/** Puts a saturating cell in front of the first share of each configuration that has none. */
function withCapacities(cells: readonly PlannedCell[]): PlannedCell[] {
  const known = new Set<string>();
  return cells.flatMap((cell) => {
    const key = configurationKey(cell);
    if (cell.load.kind === "saturating") known.add(key);
    if (cell.load.kind !== "share" || known.has(key)) return [cell];
    known.add(key);
    return [{ ...cell, suite: "throughput" as const, load: { kind: "saturating" as const } }, cell];
  });
}

function cellsOf(suite: Suite, source: SourceName, options: PlanOptions): PlannedCell[] {
  switch (suite) {
    case "throughput":
      return grid(source, options).map((config) => cell(suite, source, options, config));
    case "latency":
      return latencyCells(source, options);
    case "pingpong":
      return pingPongCells(source, options);
    case "size":
      return sizeCells(source, options);
    case "payload":
      return payloadCells(source, options);
    case "cpus":
      return cpusCells(source, options);
    case "waiters":
      return waiterCells(source, options);
    case "floor":
      return [];
  }
}

/** What differs from cell to cell. */
interface Config {
  readonly ring: RingKind;
  readonly ringBytes: number;
  readonly wakeup: Wakeup;
  readonly payloadBytes: number;
  readonly waiter?: WaiterName;
  readonly cpus?: number;
  readonly load?: Load | ShareLoad;
}

function cell(suite: Suite, source: SourceName, options: PlanOptions, config: Config): PlannedCell {
  const { ring, ringBytes, wakeup, payloadBytes, cpus = 1, load = { kind: "saturating" } } = config;
  const waiter = config.waiter ?? options.waiter ?? (source === "kernel" ? "epoll" : "atomics");
  const setting = { ring, ringBytes, wakeup, waiter, pollMs: FLUSH_MS, scanner: options.scanner };
  return { suite, source, setting, payloadBytes, cpus, load, durationMs: options.durationMs };
}

/** Every ring size with every threshold and payload. */
function grid(source: SourceName, options: PlanOptions): Config[] {
  const { ringBytes, payloadBytes } = options;
  return ringsOf(source, options).flatMap((ring) =>
    (payloadBytes ?? [PAYLOAD_BYTES]).flatMap((payload) =>
      (ringBytes ?? RING_BYTES).flatMap((bytes) =>
        thresholds(ring, source, options).map((wakeup) => ({
          ring,
          ringBytes: bytes,
          wakeup,
          payloadBytes: payload,
        }))
      )
    )
  );
}

/** The middle of every list: where one thing is varied, the others are these. */
function middle(ring: RingKind, options: PlanOptions): Config {
  return {
    ring,
    ringBytes: middleOf(options.ringBytes ?? RING_BYTES),
    wakeup: ring === "ringbuf"
      ? { kind: "adaptive" }
      : { kind: "events", events: middleOf(options.wakeupEvents) },
    payloadBytes: middleOf(options.payloadBytes ?? [PAYLOAD_BYTES]),
  };
}

/**
 * Rates in events per second on all of the grid, with the first kind of arrivals. In the middle of it all rates with all
 * arrivals: that makes its curve of latency over load.
 */
function latencyCells(source: SourceName, options: PlanOptions): PlannedCell[] {
  const [first, ...others] = options.arrivals;
  const absolute = options.rates.filter((rate) => "rate" in rate);
  const shares = options.rates.filter((rate) => "share" in rate);
  const at = (config: Config, rate: Rate, arrivals: Arrivals): PlannedCell =>
    cell("latency", source, options, { ...config, load: loadOf(rate, arrivals) });
  return [
    ...grid(source, options).flatMap((config) => absolute.map((rate) => at(config, rate, first!))),
    ...ringsOf(source, options).flatMap((ring) => {
      const config = middle(ring, options);
      return [
        ...others.flatMap((arrivals) => absolute.map((rate) => at(config, rate, arrivals))),
        ...shares.flatMap((rate) => options.arrivals.map((arrivals) => at(config, rate, arrivals))),
      ];
    }),
  ];
}

/** Asleep and awake, each kind of ring, a wake-up for each event. */
function pingPongCells(source: SourceName, options: PlanOptions): PlannedCell[] {
  const waiters = options.waiter === null
    ? waitersOf(source).filter((name) => name !== "poll")
    : [options.waiter];
  return allRingsOf(source, options).flatMap((ring) =>
    waiters.map((waiter) =>
      cell("pingpong", source, options, {
        ...middle(ring, options),
        wakeup: eachEvent(ring),
        waiter,
        load: { kind: "pingpong" },
      })
    )
  );
}

function sizeCells(source: SourceName, options: PlanOptions): PlannedCell[] {
  return ringsOf(source, options).flatMap((ring) =>
    (options.ringBytes ?? SIZES).flatMap((ringBytes) =>
      bothLoads(options).map((load) =>
        cell("size", source, options, { ...middle(ring, options), ringBytes, load })
      )
    )
  );
}

function payloadCells(source: SourceName, options: PlanOptions): PlannedCell[] {
  const ringBytes = options.ringBytes === null ? PAYLOAD_RING_BYTES : middleOf(options.ringBytes);
  return ringsOf(source, options).flatMap((ring) =>
    (options.payloadBytes ?? PAYLOADS).flatMap((payloadBytes) =>
      bothLoads(options).map((load) =>
        cell("payload", source, options, { ...middle(ring, options), ringBytes, payloadBytes, load })
      )
    )
  );
}

function cpusCells(source: SourceName, options: PlanOptions): PlannedCell[] {
  return allRingsOf(source, options).flatMap((ring) =>
    Array.from(
      { length: options.allCpus },
      (_, index) => cell("cpus", source, options, { ...middle(ring, options), cpus: index + 1 }),
    )
  );
}

function waiterCells(source: SourceName, options: PlanOptions): PlannedCell[] {
  return ringsOf(source, options).flatMap((ring) =>
    waitersOf(source).map((waiter) =>
      cell("waiters", source, options, {
        ...middle(ring, options),
        wakeup: eachEvent(ring),
        waiter,
        load: loadOf(firstRate(options), options.arrivals[0]!),
      })
    )
  );
}

/** Saturating, and at the first rate. */
function bothLoads(options: PlanOptions): (Load | ShareLoad)[] {
  return [{ kind: "saturating" }, loadOf(firstRate(options), options.arrivals[0]!)];
}

function firstRate({ rates }: PlanOptions): Rate {
  return rates.find((rate) => "rate" in rate) ?? rates[0]!;
}

function loadOf(rate: Rate, arrivals: Arrivals): Load | ShareLoad {
  return { kind: "rate" in rate ? "rate" : "share", ...rate, arrivals } as Load | ShareLoad;
}

function ringsOf(source: SourceName, { rings }: PlanOptions): readonly RingKind[] {
  return source === "memory" ? ["perf"] : rings;
}

/** Where the kinds of ring are compared, all there are. */
function allRingsOf(source: SourceName, { hasRingbuf }: PlanOptions): readonly RingKind[] {
  return source === "kernel" && hasRingbuf ? ["perf", "ringbuf"] : ["perf"];
}

function waitersOf(source: SourceName): readonly WaiterName[] {
  return source === "kernel" ? ["epoll", "poll", "spin-sleep", "spin"] : ["atomics", "spin-sleep", "spin"];
}

/** A BPF ring buffer has no threshold in events: its program wakes whoever has read all, unless there is a watermark. */
function thresholds(ring: RingKind, source: SourceName, options: PlanOptions): Wakeup[] {
  const { wakeupEvents, watermarkBytes } = options;
  const inBytes = source === "kernel"
    ? watermarkBytes.map((bytes): Wakeup => ({ kind: "bytes", bytes }))
    : [];
  if (ring === "ringbuf") return [{ kind: "adaptive" }, ...inBytes];
  return [...wakeupEvents.map((events): Wakeup => ({ kind: "events", events })), ...inBytes];
}

function eachEvent(ring: RingKind): Wakeup {
  return ring === "perf" ? { kind: "events", events: 1 } : { kind: "adaptive" };
}

function middleOf<T>(list: readonly T[]): T {
  return list[list.length >> 1]!;
}

function checkPlan({ rates, wakeupEvents, ringBytes, durationMs, repeat }: PlanOptions): void {
  for (const rate of rates) {
    if ("rate" in rate && rate.rate * durationMs / 1000 > MAX_LATENCIES) {
      throw new UsageError(
        `--rate ${rate.rate} and --duration ${durationMs}ms: a cell has at most ${MAX_LATENCIES} events`,
      );
    }
  }
  for (const bytes of ringBytes ?? []) {
    if (bytes < 4096 || bytes > 2 ** 30 || (bytes & (bytes - 1)) !== 0) {
      throw new UsageError(`--ring-bytes ${bytes}: expected a power of two from 4KiB to 1GiB`);
    }
  }
  for (const events of wakeupEvents) {
    if (events < 1 || events > 0xffffffff) {
      throw new UsageError(`--wakeup-events ${events}: expected at least 1`);
    }
  }
  if (durationMs < 10) throw new UsageError(`--duration ${durationMs}ms: expected at least 10ms`);
  if (repeat < 1) throw new UsageError(`--repeat ${repeat}: expected at least 1`);
}

function checkCell(
  { source, setting: { ring, ringBytes, wakeup, waiter }, payloadBytes }: PlannedCell,
): void {
  if (payloadBytes < LOAD_EVENT.bytes || payloadBytes > MAX_PAYLOAD_BYTES) {
    throw new UsageError(
      `--payload ${payloadBytes}: expected ${LOAD_EVENT.bytes} to ${MAX_PAYLOAD_BYTES} bytes`,
    );
  }
  const most = ring === "perf" ? maxPayloadBytes(ringBytes) : maxRingbufPayloadBytes(ringBytes);
  if (payloadBytes > most) {
    throw new UsageError(
      `--payload ${payloadBytes}: a ring of ${ringBytes} bytes never takes more than ${most}`,
    );
  }
  if (wakeup.kind === "bytes" && (wakeup.bytes < 1 || wakeup.bytes > ringBytes / 2)) {
    throw new UsageError(
      `--watermark ${wakeup.bytes}: expected 1 byte to half of the ring, which has ${ringBytes}`,
    );
  }
  if (!waitersOf(source).includes(waiter)) {
    throw new UsageError(
      `--waiter ${waiter}: rings of the ${source} source are waited for with ${waitersOf(source).join(", ")}`,
    );
  }
}
