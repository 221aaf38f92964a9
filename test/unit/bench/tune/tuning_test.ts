/** Advice for goals on made-up machines: low latency, high rates, low CPU, both limits, and goals out of reach. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { type Goal, isHeld } from "../../../../bench/tune/goal.ts";
import { memoryBytes, type Setting } from "../../../../bench/setting.ts";
import { leastBudgetMs, type Tuning } from "../../../../bench/tune/tuning.ts";
import { GOAL, ORDINARY, tuneMadeUp } from "./_machine.ts";

/** The setting that was verified last. */
function advised({ verifications }: Tuning): Setting {
  return verifications.at(-1)!.measurement.setting;
}

async function tuned(goal: Goal, machine = ORDINARY): Promise<Tuning> {
  const { tuning } = await tuneMadeUp(goal, machine);
  assert(tuning !== null);
  return tuning;
}

Deno.test("a latency that a wake-up cannot reach gets a reader that spins", async () => {
  const tuning = await tuned({ ...GOAL, rate: 10_000, maxLatencyNs: 20_000 });
  assertEquals([tuning.isHeld, advised(tuning).waiter], [true, "spin"]);
});

Deno.test("a latency that leaves time to sleep gets a threshold, which costs less than waking for each event", async () => {
  const tuning = await tuned({ ...GOAL, maxLatencyNs: 1e6 });
  const { measurement } = tuning.verifications[0]!;
  assert(tuning.isHeld && measurement.cpuShare < 0.1);
  assertNotEquals(advised(tuning).waiter, "spin");
});

Deno.test("a high rate gets a large batch and a ring that holds the reader's stalls", async () => {
  const goal = { ...GOAL, rate: 2e6, payloadBytes: 32 };
  const tuning = await tuned(goal);
  const { measurement } = tuning.verifications[0]!;
  assert(tuning.isHeld && measurement.lost === 0);
  assert(measurement.dispatched / measurement.drains > 1000);
  assert(advised(tuning).ringBytes >= 2e6 * 0.02 * 48);
});

Deno.test("a limit on CPU is held, with the least latency of what holds it", async () => {
  const tuning = await tuned({ ...GOAL, rate: 20_000, maxCpu: 0.02 });
  const { measurement } = tuning.verifications[0]!;
  assert(tuning.isHeld && measurement.cpuShare <= 0.02);
  const others = tuning.ranked.filter(({ measurement, checks }) =>
    isHeld(checks) && measurement.cpuShare * 1.25 <= 0.02
  );
  const fastest = Math.min(...others.map(({ measurement }) => measurement.latency.p50!));
  assert(measurement.latency.p50! <= 1.25 * fastest);
});

Deno.test("limits on latency and CPU together are held by a threshold between them", async () => {
  const tuning = await tuned({ ...GOAL, maxLatencyNs: 2e6, maxCpu: 0.06 });
  assert(tuning.isHeld);
  const { wakeup } = advised(tuning);
  assert(wakeup.kind === "events" || wakeup.kind === "bytes" || wakeup.kind === "rare");
});

Deno.test("goals that exclude each other are refused, with the nearest setting", async () => {
  const tuning = await tuned({ ...GOAL, rate: 10_000, maxLatencyNs: 10_000, maxCpu: 0.05 });
  assert(!tuning.isHeld && tuning.ranked.every(({ checks }) => !isHeld(checks)));
  assertEquals(tuning.verifications.length, 1, "what no candidate held is not verified twice");
});

Deno.test("a rate that no output can reach is refused", async () => {
  const tuning = await tuned({ ...GOAL, rate: 50e6 });
  const missed = tuning.verifications[0]!.checks.filter(({ held }) => !held).map(({ name }) => name);
  assertEquals([tuning.isHeld, missed.includes("rate")], [false, true]);
});

Deno.test("a setting that fails its verification gives way to one that differs in more than its scanner", async () => {
  const goal = { ...GOAL, maxLatencyNs: 1e6 };
  const runs = (await tuneMadeUp(goal)).measured.length;
  const { tuning } = await tuneMadeUp(goal, ORDINARY, {
    change: (measurement, run) =>
      run === runs - 1 ? { ...measurement, lost: 1, dispatched: measurement.dispatched - 1 } : measurement,
  });
  assert(tuning !== null && tuning.isHeld);
  const [first, second] = tuning.verifications.map(({ measurement }) => measurement.setting);
  assertNotEquals({ ...first!, scanner: "ts" }, { ...second!, scanner: "ts" });
});

Deno.test("a verification in which others held the program up is repeated, once", async () => {
  const goal = { ...GOAL, maxLatencyNs: 1e6 };
  const runs = (await tuneMadeUp(goal)).measured.length;
  const heldUp = { rate: 1e5, programWaitShare: 0.5 };
  const verified = async (change: (run: number) => object): Promise<[number, boolean]> => {
    const { tuning, measured } = await tuneMadeUp(goal, ORDINARY, {
      change: (measurement, run) => run < runs - 1 ? measurement : { ...measurement, ...change(run) },
    });
    return [measured.length - runs + 1, tuning!.isHeld];
  };
  assertEquals(await verified((run) => run === runs - 1 ? heldUp : {}), [2, true]);
  assertEquals(await verified(() => heldUp), [3, false], "one repetition, and the other setting");
  assertEquals(await verified(() => ({ rate: 1e5 })), [2, false], "outputs that cost too much are no reason");
});

Deno.test("where two verifications fail, the nearer one comes last", async () => {
  const goal = { ...GOAL, maxLatencyNs: 1e6 };
  const runs = (await tuneMadeUp(goal)).measured.length;
  const slow = (ns: number): { p50: number; p90: number; p99: number; p999: number } => ({
    p50: ns,
    p90: ns,
    p99: ns,
    p999: ns,
  });
  const { tuning } = await tuneMadeUp(goal, ORDINARY, {
    change: (measurement, run) =>
      run < runs - 1 ? measurement : { ...measurement, latency: slow(run === runs - 1 ? 2e6 : 9e6) },
  });
  assertEquals([tuning!.isHeld, tuning!.verifications.length], [false, 2]);
  assertEquals(tuning!.verifications.at(-1)!.measurement.latency.p99, 2e6);
});

Deno.test("a low rate compares candidates by a quantile that their runs can tell, and verifies by the goal's", async () => {
  const goal = { ...GOAL, rate: 300, maxLatencyNs: 1e6 };
  const tuning = await tuned(goal);
  assertEquals([tuning.isHeld, tuning.compared.quantile], [true, "p90"]);
  assert(tuning.verifications[0]!.measurement.latency.p99 !== null);
});

Deno.test("leastBudgetMs is the time at which a verification can tell the quantile", async () => {
  const goal = { ...GOAL, rate: 50, maxLatencyNs: 1e6 };
  const budgetMs = leastBudgetMs(goal);
  const p99 = async (ms: number): Promise<number | null> =>
    (await tuneMadeUp(goal, ORDINARY, { budgetMs: ms })).tuning!.verifications[0]!.measurement.latency.p99;
  assert(await p99(budgetMs) !== null);
  assertEquals(await p99(budgetMs * 0.8), null);
  assertEquals(leastBudgetMs({ ...goal, maxLatencyNs: null }), 0);
});

Deno.test("an interrupted tuning advises nothing, wherever it is interrupted", async () => {
  const { measured } = await tuneMadeUp(GOAL);
  for (let end = 1; end <= measured.length; end++) {
    let runs = 0;
    const { tuning } = await tuneMadeUp(GOAL, ORDINARY, {
      change: (measurement) => {
        runs++;
        return measurement;
      },
      isInterrupted: () => runs >= end,
    });
    assertEquals(tuning, null);
  }
});

Deno.test("without a compiler for its generator no BPF ring buffer is measured", async () => {
  const { measured } = await tuneMadeUp(GOAL, ORDINARY, { rings: ["perf"] });
  assert(measured.every(({ setting }) => setting.ring === "perf"));
});

Deno.test("nothing is advised that was not measured, and held is what a verification held", async () => {
  const goals = fc.record({
    rate: fc.integer({ min: 100, max: 5_000_000 }),
    payloadBytes: fc.integer({ min: 32, max: 4096 }),
    maxLatencyNs: fc.option(fc.integer({ min: 1_000, max: 100_000_000 })),
    quantile: fc.constantFrom("p50" as const, "p90" as const, "p99" as const),
    maxLoss: fc.constantFrom(0, 0.01),
    maxCpu: fc.option(fc.double({ min: 0.001, max: 1, noNaN: true })),
    cpus: fc.integer({ min: 1, max: 512 }),
  });
  const machines = fc.record({
    eventNs: fc.integer({ min: 5, max: 1000 }),
    wakeupNs: fc.integer({ min: 500, max: 50_000 }),
    wakeDelayNs: fc.integer({ min: 2_000, max: 10_000_000 }),
    outputNs: fc.integer({ min: 100, max: 1000 }),
    outputWakeNs: fc.integer({ min: 500, max: 20_000 }),
    stallNs: fc.integer({ min: 0, max: 50_000_000 }),
  });
  await fc.assert(
    fc.asyncProperty(goals, machines, async (goal, machine) => {
      const { tuning, measured } = await tuneMadeUp(goal, machine);
      assert(tuning !== null);
      const { measurement, checks } = tuning.verifications.at(-1)!;
      assertEquals(tuning.isHeld, isHeld(checks));
      assert(measured.some((each) => each === measurement));
      assert(tuning.ranked.some((each) => each.measurement.setting === measurement.setting));
      const totalMs = measured.reduce((sum, { durationMs }) => sum + durationMs, 0);
      assert(totalMs < 1.5 * 30_000, `${totalMs} ms`);
      for (const { setting } of measured) assert(memoryBytes(setting, goal.cpus) <= 2 ** 30);
    }),
    { numRuns: 300 },
  );
});
