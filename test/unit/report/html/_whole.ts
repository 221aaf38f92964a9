/** A made-up run that holds everything a results file can hold, for the tests of pages. */

import { latencyStage } from "../../../../src/report/percentiles.ts";
import { randomFrom } from "../../../../src/report/random.ts";
import type { Cell, Crossing, LatencyStage, ProgramRecord, Results } from "../../../../src/report/schema.ts";
import { cell, environment, results } from "../_cells.ts";
import { sweep } from "./_sweep.ts";

const CAPACITY = 1_200_000;

/** How many latencies a cell has: enough for p99.9. */
const COUNT = 12_000;

/** Latencies around `ns` with a long tail, the same for a seed. */
function samples(ns: number, seed: number, count = COUNT): Float64Array {
  const random = randomFrom(seed);
  return Float64Array.from({ length: count }, () => {
    const spread = Math.exp(0.4 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
    return ns * spread * (random() < 0.002 ? 40 : 1);
  });
}

/** The parts of an event's road, and the road itself from its planned and from its real time. */
export function road(wait: number, seed: number, lost = 0): LatencyStage[] {
  const lag = samples(900, seed);
  const wake = samples(9_000 + wait, seed + 1);
  const read = samples(700, seed + 2);
  const handled = samples(400, seed + 3);
  const emitted = wake.map((ns, index) => ns + read[index]! + handled[index]!);
  const planned = emitted.map((ns, index) => ns + lag[index]!);
  const stage = (
    name: string,
    from: LatencyStage["from"],
    of: Float64Array,
  ): LatencyStage => latencyStage({ stage: name, from, samples: of, lost });
  return [
    stage("handled", "planned", planned),
    stage("handled", "emitted", emitted),
    stage("emitted", "planned", lag),
    stage("wake", "emitted", wake),
    stage("read", "wake", read),
    stage("handled", "read", handled),
  ];
}

/** What newer cells tell of the consumer's CPU. */
const CPU = {
  cpuNsPerEvent: 240,
  userNsPerEvent: 180,
  systemNsPerEvent: 60,
  switches: { voluntary: 1234, involuntary: 17 },
  stealShare: 0.013,
  waitShare: 0.004,
};

function offered(rate: number, changes: Partial<Cell>): Cell {
  return cell({
    suite: "latency",
    rate,
    ringBytes: 262_144,
    wakeupEvents: 16,
    effectiveWakeupEvents: 15.5,
    payloadBytes: 128,
    produced: COUNT,
    dispatched: COUNT,
    wakeups: COUNT / 16,
    eventsPerSecond: rate,
    consumeNsPerEvent: null,
    ...CPU,
    ...changes,
  });
}

function saturating(changes: Partial<Cell>): Cell {
  return cell({ payloadBytes: 128, consumeNsPerEvent: null, ...CPU, ...changes });
}

/** A sweep whose cells at a rate have stages. */
function stagedSweep(source: Cell["source"]): Cell[] {
  return sweep(source).map((each, index) =>
    each.latency === null
      ? { ...each, ...CPU, cpuNsPerEvent: each.cpuNsPerEvent }
      : { ...each, ...CPU, latency: road((each.effectiveWakeupEvents! - 1) * 50_000, 10 * index, each.lost) }
  );
}

/** One configuration at shares of its capacity, evenly spaced and at random. */
function loads(source: Cell["source"]): Cell[] {
  return [0.1, 0.5, 0.8].flatMap((loadShare, index) =>
    (["fixed", "poisson"] as const).map((arrivals) =>
      offered(loadShare * CAPACITY, {
        source,
        loadShare,
        arrivals,
        waiter: source === "kernel" ? "epoll" : "atomics",
        flags: loadShare === 0.8 ? ["lagged", "not-steady"] : [],
        latency: road(4_000 * (1 + 3 * index) * (arrivals === "poisson" ? 2 : 1), 100 + index),
      })
    )
  );
}

function sizes(): Cell[] {
  return [16, 64, 256, 1024, 4096].flatMap((kib, index) => {
    const ringBytes = kib * 1024;
    const lost = kib === 16 ? 300_000 : 0;
    return [
      saturating({
        suite: "size",
        ringBytes,
        eventsPerSecond: 6e5 * (1 + index),
        lost,
        dispatched: 2_000_000 - lost,
        flags: lost > 0 ? ["lossy"] : [],
      }),
      offered(20_000, { suite: "size", ringBytes, latency: road(2_000 * (5 - index), 200 + index) }),
    ];
  });
}

function payloads(): Cell[] {
  return [32, 128, 512, 2048, 8192].map((payloadBytes) =>
    saturating({ suite: "payload", payloadBytes, eventsPerSecond: 1e9 / (250 + payloadBytes / 4) })
  );
}

function cpus(): Cell[] {
  return [1, 2, 3, 4].flatMap((count) => [
    saturating({ suite: "cpus", cpus: count, eventsPerSecond: 1.1e6 * count ** 0.8 }),
    saturating({
      suite: "cpus",
      cpus: count,
      ring: "ringbuf",
      wakeupEvents: null,
      effectiveWakeupEvents: null,
      eventsPerSecond: 1.6e6 / count ** 0.5,
      flags: count === 4 ? ["one-cpu"] : [],
    }),
  ]);
}

function waiters(source: Cell["source"]): Cell[] {
  const names = source === "kernel" ? ["epoll", "poll", "spin-sleep", "spin"] : ["atomics", "spin"];
  return names.map((waiter, index) =>
    offered(20_000, {
      suite: "waiters",
      source,
      waiter,
      latency: road(9_000 / (index + 1), 300 + index),
      cpuNsPerEvent: waiter === "spin" ? 50_000 : 900,
    })
  );
}

function pingpongs(): Cell[] {
  return (["epoll", "spin"] as const).flatMap((waiter, index) =>
    (["perf", "ringbuf"] as const).map((ring) =>
      cell({
        suite: "pingpong",
        arrivals: "pingpong",
        ring,
        waiter,
        wakeupEvents: ring === "perf" ? 1 : null,
        effectiveWakeupEvents: ring === "perf" ? 1 : null,
        latency: [
          latencyStage({
            stage: "handled",
            from: "asked",
            samples: samples(25_000 / (1 + 9 * index), 400 + index),
          }),
          ...road(0, 410 + index).filter(({ from }) => from !== "planned"),
        ],
      })
    )
  );
}

/** The suite beside C: 380 + 900/N ns, with both kinds of threshold. */
function wakeups(): Cell[] {
  const thresholds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
  return (["events", "bytes"] as const).flatMap((kind) =>
    thresholds.flatMap((n, index) => {
      const noise = 1 + 0.02 * (index % 3 - 1);
      const common = {
        suite: "wakeup",
        ringBytes: 1_048_576,
        payloadBytes: 32,
        wakeupEvents: kind === "events" ? n : null,
        watermarkBytes: kind === "bytes" ? n * 48 : null,
        effectiveWakeupEvents: n,
        consumeNsPerEvent: null,
      };
      const ratio = { median: noise, low: noise * 0.98, high: noise * 1.02, pairs: 100 };
      const ours = cell({ ...common, eventsPerSecond: 1e9 / ((380 + 900 / n) * noise) });
      return [
        { ...ours, ratio: { ...ratio, to: "eventpipe" }, detectable: 0.02 },
        {
          ...ours,
          ratio: { ...ratio, to: "libbpf perf_buffer (C)" },
          verdict: "equivalent" as const,
          detectable: 0.02,
        },
        cell({
          ...common,
          peer: "libbpf perf_buffer (C)",
          scanner: null,
          eventsPerSecond: 1e9 / (370 + 940 / n),
        }),
      ];
    })
  );
}

const CROSSINGS: Crossing[] = [
  ["FFI calls", "no argument", 4.1],
  ["FFI calls", "i32, i32 to i32", 5.2],
  ["FFI calls", "u64 as BigInt", 48],
  ["FFI calls", "buffer", 38],
  ["FFI calls, nonblocking", "await, no argument", 21_000],
  ["callbacks from C", "qsort, 2 elements", 310],
  ["WebAssembly", "call, no argument", 2.4],
  ["WebAssembly", "call, i64", 22],
  ["WebAssembly", "import called from WebAssembly", 6.5],
  ["reads of memory", "DataView.getUint32, mapped", 0.7],
  ["reads of memory", "DataView.getBigUint64, mapped", 12],
  ["reads of memory", "Int32Array, mapped", 0.4],
  ["reads of memory", "UnsafePointerView.getInt32", 9.1],
].map(([group, name, ns]) => ({
  group: String(group),
  name: String(name),
  ns: Number(ns),
  low: Number(ns) * 0.94,
  high: Number(ns) * 1.08,
  blocks: 200,
}));

const PROGRAMS: ProgramRecord[] = [
  program("eventpipe/ts", "perf", { consumeNs: 31, lossFreeRate: 1.6e6, rateLimited: true }),
  program("eventpipe/wasm", "perf", { consumeNs: 27, lossFreeRate: 1.6e6, rateLimited: true }),
  program("eventpipe/ts", "ringbuf", { consumeNs: 22, lossFreeRate: 2.1e6 }),
  program("libbpf perf_buffer (C)", "perf", { consumeNs: 18, residentBytes: 4.1e6, firstEventNs: 9e6 }),
  program("libbpf ring_buffer (C)", "ringbuf", { consumeNs: 11, lossFreeRate: null, p50: null, p99: null }),
  program("cilium/ebpf perf.Reader (Go)", "perf", { consumeNs: 120, cpuNsPerEvent: null }),
];

function program(peer: string, ring: Cell["ring"], changes: Partial<ProgramRecord>): ProgramRecord {
  return {
    peer,
    ring,
    consumeNs: 40,
    lossFreeRate: 1.2e6,
    rateLimited: false,
    p50: 21_000,
    p99: 64_000,
    cpuNsPerEvent: 260,
    residentBytes: 61e6,
    firstEventNs: 92e6,
    ...changes,
  };
}

/** The run; `changes` replace single keys. */
export function whole(changes: Partial<Results> = {}): Results {
  const { stage: _, from: __, histogram: ___, ...delays } = latencyStage({
    stage: "",
    from: "planned",
    samples: samples(60, 7, 200_000).map((ns, index) => index % 50 === 0 ? ns * 500 : ns),
  });
  const cells = [
    ...stagedSweep("kernel"),
    ...loads("kernel"),
    ...sizes(),
    ...payloads(),
    ...cpus(),
    ...waiters("kernel"),
    ...pingpongs(),
    ...wakeups(),
    ...stagedSweep("memory"),
    ...loads("memory"),
    ...waiters("memory"),
  ];
  return results(cells, {
    label: "everything, made up",
    environment: environment({ hypervisor: true }),
    crossings: CROSSINGS,
    programs: PROGRAMS,
    partial: true,
    noiseFloor: { spanNs: 2e9, readingNs: 55, lostShare: 0.083, longestNs: 12.4e6, delays },
    clocks: { peer: "libbpf perf_buffer (C)", ownNs: 1.02e6, harnessNs: 1.04e6 },
    absent: [{ name: "cilium/ebpf ringbuf.Reader (Go)", reason: "go is not installed" }],
    goals: [{
      what: "emitter's cost of a wake-up, b of a + b/N, by count: the same within 15 %",
      over: "libbpf perf_buffer (C)",
      cell: "perf 1 MiB, 32 B, 10 thresholds",
      value: 0.96,
      low: 0.91,
      high: 1.02,
      worstLaunch: 1.08,
      atMost: 1.15,
      goal: 1,
      verdict: "equivalent",
      reached: "goal",
    }],
    ...changes,
  });
}
