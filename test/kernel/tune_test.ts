/**
 * Advice on ring settings with real rings: what a measurement counts, and the command as a user runs it. How fast this
 * machine is shows in neither.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { measure } from "../../bench/tune/measure.ts";
import { buildRingbufLoad } from "../../bench/cell/ringbuf_load.ts";
import type { Setting } from "../../bench/setting.ts";
import { startWorker } from "../../bench/worker.ts";
import { runTune } from "../unit/bench/tune/_command.ts";
import { kernelTest, onCpu, testCpus } from "./_kernel.ts";

const GOAL = {
  rate: 5000,
  payloadBytes: 100,
  maxLatencyNs: null,
  quantile: "p50",
  maxLoss: 0,
  maxCpu: null,
  cpus: 2,
} as const;

const BASE = { ringBytes: 262144, waiter: "epoll", pollMs: 20, scanner: "ts" } as const;

/** One of each kind that advice chooses from. */
const SETTINGS: readonly Setting[] = [
  { ...BASE, ring: "perf", wakeup: { kind: "events", events: 8 } },
  { ...BASE, ring: "perf", wakeup: { kind: "bytes", bytes: 1000 }, scanner: "wasm" },
  { ...BASE, ring: "perf", wakeup: { kind: "rare" }, waiter: "spin" },
  { ...BASE, ring: "perf", wakeup: { kind: "events", events: 1 }, waiter: "spin-sleep" },
  { ...BASE, ring: "ringbuf", wakeup: { kind: "adaptive" } },
  { ...BASE, ring: "ringbuf", wakeup: { kind: "bytes", bytes: 1000 }, scanner: "wasm" },
  { ...BASE, ring: "ringbuf", wakeup: { kind: "rare" } },
];

kernelTest("every kind of setting is measured, and accounts for every event", async () => {
  const ringbufLoad = await buildRingbufLoad();
  const producer = await startWorker("./producer_worker.ts");
  const [producerCpu = 0, consumerCpu = producerCpu] = testCpus;
  const parties = { producer, producerCpu, ringbufLoad, isInterrupted: (): boolean => false };
  try {
    onCpu(consumerCpu, () => {
      for (const setting of SETTINGS) {
        const measurement = measure(setting, GOAL, 200, parties);
        const { produced, dispatched, lost, left, drains, latency, maxLatencyNs, cpuShare, peakFill } =
          measurement;
        assert(produced > 0 && dispatched > 0 && drains > 0);
        assertEquals(dispatched + lost + left, produced);
        assert(latency.p50! > 0 && maxLatencyNs! >= latency.p50!, "latencies are of this clock");
        assert(cpuShare > 0 && cpuShare < 1.1 && peakFill > 0 && peakFill <= 1);
        const { waitShare, programWaitShare } = measurement;
        assertEquals(programWaitShare === null, waitShare === null || producerCpu === consumerCpu);
      }
    });
  } finally {
    producer.terminate();
  }
}, { commands: ["clang", "bpftool"] });

kernelTest("a ring that is too small loses, and its latencies say so", async () => {
  const ringbufLoad = await buildRingbufLoad();
  const producer = await startWorker("./producer_worker.ts");
  const [producerCpu = 0, consumerCpu = producerCpu] = testCpus;
  const parties = { producer, producerCpu, ringbufLoad, isInterrupted: (): boolean => false };
  try {
    onCpu(consumerCpu, () => {
      for (const ring of ["perf", "ringbuf"] as const) {
        // Outputs that find no room take less time than the wake-up of who would make some.
        const setting: Setting = { ...BASE, ring, ringBytes: 4096, wakeup: { kind: "rare" }, pollMs: 100 };
        const goal = { ...GOAL, rate: 1e6, payloadBytes: 4000 };
        const { lost, produced, dispatched, left, latency, peakFill } = measure(setting, goal, 250, parties);
        assert(lost > produced / 2 && dispatched + lost + left === produced);
        assertEquals([latency.p50, peakFill], [Infinity, 1]);
      }
    });
  } finally {
    producer.terminate();
  }
}, { commands: ["clang", "bpftool"] });

kernelTest("tune verifies what it advises, and its exit status is that verification's", async () => {
  const { code, stdout, stderr } = await runTune([
    "--rate",
    "2k",
    "--max-cpu",
    "100%",
    "--seconds",
    "2",
    "--json",
  ]);
  assert(code === 0 || code === 1, stderr);
  const { isHeld, advice, nearest, verifications, ranked, snippets } = JSON.parse(stdout);
  assertEquals(isHeld, code === 0);
  const { measurement, checks } = verifications.at(-1);
  assertEquals(checks.every(({ held }: { held: boolean }) => held), isHeld);
  assertEquals(measurement.setting, isHeld ? advice : nearest);
  assertEquals(isHeld ? nearest : advice, null);
  assert(ranked.length > 3 && snippets.length >= 4);
});

kernelTest("tune refuses a goal that cannot be reached, with exit status 1 and the nearest", async () => {
  const { code, stdout } = await runTune(
    ["--rate", "2k", "--max-latency", "1ns", "--latency-quantile", "p50", "--seconds", "2"],
  );
  assertEquals(code, 1);
  assertStringIncludes(stdout, "No: none of the settings measured here reaches this goal.\nNearest: ");
  assertStringIncludes(stdout, "asked for is 1 ns");
});

kernelTest("tune without the kernel's permission exits 3 and names the doctor", async () => {
  const { code, stdout, stderr } = await runTune(
    ["--rate", "2k"],
    ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"],
  );
  assertEquals([code, stdout], [3, ""], stderr);
  assertStringIncludes(stderr, "deno task doctor");
}, { commands: ["setpriv"] });
