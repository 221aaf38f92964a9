/** Made-up results for the tests of reports: whole, small, and plainly not measured. */

import type { Cell, Environment, LatencyStage, Results } from "../../../src/report/schema.ts";

/** A cell that adds up; `changes` replace single keys. */
export function cell(changes: Partial<Cell> = {}): Cell {
  return {
    suite: "throughput",
    source: "kernel",
    ring: "perf",
    scanner: "ts",
    waiter: "epoll",
    peer: null,
    ringBytes: 262_144,
    wakeupEvents: 512,
    effectiveWakeupEvents: 512,
    watermarkBytes: null,
    payloadBytes: 64,
    cpus: 1,
    rate: null,
    durationMs: 1000,
    produced: 2_000_000,
    dispatched: 2_000_000,
    unknown: 0,
    lost: 0,
    left: 0,
    corrupt: 0,
    exact: true,
    wakeups: 4000,
    eventsPerSecond: 2_000_000,
    consumeNsPerEvent: 45.6,
    cpuNsPerEvent: 60,
    latency: null,
    ratio: null,
    flags: [],
    ...changes,
  };
}

/** A stage with all percentiles; `changes` replace single keys. */
export function stage(changes: Partial<LatencyStage> = {}): LatencyStage {
  return {
    stage: "handled",
    from: "emitted",
    p50: 11_200,
    p90: 15_400,
    p99: 98_700,
    p999: 1_230_000,
    p9999: null,
    max: 4_560_000,
    count: 20_000,
    negative: 0,
    ...changes,
  };
}

/** An environment in which everything could be read; `changes` replace single keys. */
export function environment(changes: Partial<Environment> = {}): Environment {
  return {
    os: "linux",
    arch: "x86_64",
    kernelRelease: "6.1.0-test",
    kernelVersion: "#1 SMP",
    cmdline: "quiet",
    mitigations: { meltdown: "Not affected" },
    cpuModel: "Imaginary CPU",
    cpuCount: 4,
    smt: false,
    governor: "performance",
    idleDriver: "none",
    numaNodes: 1,
    hypervisor: false,
    clocksource: "tsc",
    perfEventParanoid: 2,
    unprivilegedBpfDisabled: 2,
    bpfJitEnable: 1,
    kptrRestrict: 0,
    perfEventMlockKb: 516,
    rlimitMemlockBytes: 8_388_608,
    pageBytes: 4096,
    deno: "2.9.6",
    v8: "15.0",
    typescript: "6.0.3",
    v8Flags: [],
    gitRevision: "0123456789abcdef0123456789abcdef01234567",
    gitDirty: false,
    affinity: { allowed: "0-3", consumer: 1, producers: [2, 3] },
    seeds: { order: 7 },
    clockCostNs: 55,
    libraries: { libbpf: "1.5.0" },
    before: { at: "2026-01-02T03:04:05.000Z", load: [0.1, 0.2, 0.3], stealTicks: 100, totalTicks: 10_000 },
    after: { at: "2026-01-02T03:05:05.000Z", load: [1.1, 0.5, 0.4], stealTicks: 100, totalTicks: 20_000 },
    ...changes,
  };
}

/** Results around the given cells; `changes` replace single keys. */
export function results(cells: readonly Cell[], changes: Partial<Results> = {}): Results {
  return {
    schema: "eventpipe-bench/1",
    startedAt: "2026-01-02T03:04:05.000Z",
    endedAt: "2026-01-02T03:05:05.000Z",
    command: "deno task bench throughput",
    environment: environment(),
    cells: [...cells],
    ...changes,
  };
}
