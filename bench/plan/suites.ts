/**
 * The cells of each suite. Relies on nothing but what is to be measured.
 *
 * @module
 */

import type { WaiterName } from "../../src/wait/open.ts";
import type { Arrivals } from "../arrivals.ts";
import { FLUSH_MS, type RingKind, type Wakeup } from "../setting.ts";
import type { Load, PlannedCell, ShareLoad, SourceName, Suite } from "./cell_plan.ts";
import type { PlanOptions, Rate } from "./plan_options.ts";

const RING_BYTES = [16, 64, 256, 1024].map((kib) => kib * 1024);
const PAYLOAD_BYTES = 128;

/** From one page to more than the second-level cache holds. */
const SIZES = [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096].map((kib) => kib * 1024);
const PAYLOADS = [32, 64, 128, 256, 512, 1024, 2048, 4096];

/** Where payloads are varied: so large that a ring holds hundreds of the longest. */
const PAYLOAD_RING_BYTES = 4 * 1024 * 1024;

/**
 * Lists the cells of a suite.
 *
 * @param suite The suite.
 * @param source Whose rings are measured.
 * @param options What to measure.
 * @returns The cells in the order they are measured; none of `floor`, which watches the machine.
 */
export function suiteCells(suite: Suite, source: SourceName, options: PlanOptions): PlannedCell[] {
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

/**
 * How rings of a source can be waited for.
 *
 * @param source The source.
 * @returns The waiters.
 */
export function waitersOf(source: SourceName): readonly WaiterName[] {
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
