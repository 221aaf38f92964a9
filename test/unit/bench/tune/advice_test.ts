/** What the advice says: what to set or a plain no, the verification, the memory, and what it does not say. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describeGoal, type Machine, renderAdvice } from "../../../../bench/tune/advice.ts";
import type { Goal } from "../../../../bench/tune/goal.ts";
import { GOAL, ORDINARY, tuneMadeUp } from "./_machine.ts";

const HERE: Machine = { producerCpu: 0, consumerCpu: 1, noRingbuf: null };

async function advice(goal: Goal, machine: Machine = HERE): Promise<string> {
  const { tuning } = await tuneMadeUp(goal);
  return renderAdvice(tuning!, machine);
}

Deno.test("a goal is told in one line", () => {
  assertEquals(describeGoal(GOAL), "200k events/s of 64 B, no loss");
  assertEquals(
    describeGoal({ ...GOAL, maxLatencyNs: 1e6, quantile: "p90", maxLoss: 0.001, maxCpu: 0.05 }),
    "200k events/s of 64 B, p90 from output to handler at most 1 ms, loss at most 0.1 %, reader at most 5 % of a core",
  );
});

Deno.test("advice that held says so, with margins, memory and code", async () => {
  const text = await advice({ ...GOAL, maxLatencyNs: 1e6, cpus: 16 });
  assert(/^Advice: .*(rings|ring buffer) of/m.test(text));
  assertStringIncludes(text, "## Verification: held");
  assert(/^\| latency p99 +\| 1 ms +\| .* +\| [\d.]+x +\| held +\|$/m.test(text), text);
  assert(/^Memory: /m.test(text));
  assertStringIncludes(text, "## Settings\n");
  for (const name of ["eventpipe:", "libbpf:", "cilium/ebpf:", "bpftrace:"]) assertStringIncludes(text, name);
});

Deno.test("memory is a ring for each CPU with perf rings, and one ring with a BPF ring buffer", async () => {
  const { tuning } = await tuneMadeUp({ ...GOAL, cpus: 16 });
  const verified = tuning!.verifications[0]!;
  const text = (ring: "perf" | "ringbuf"): string => {
    const setting = { ...verified.measurement.setting, ring, ringBytes: 1048576 };
    const verifications = [{ ...verified, measurement: { ...verified.measurement, setting } }];
    return renderAdvice({ ...tuning!, verifications }, HERE);
  };
  assertStringIncludes(text("perf"), "Memory: 1 MiB x 16 CPUs = 16 MiB.");
  assertStringIncludes(text("ringbuf"), "Memory: 1 MiB, one ring for all CPUs.");
});

Deno.test("a goal out of reach is refused plainly, with the nearest setting and what it missed", async () => {
  const text = await advice({ ...GOAL, rate: 10_000, maxLatencyNs: 10_000, maxCpu: 0.05 });
  assertStringIncludes(text, "No: none of the settings measured here reaches this goal.\nNearest: ");
  assert(/^Missed: (latency p99|CPU) was .*, asked for is (10 us|5 %)/m.test(text), text);
  assertStringIncludes(text, "## Verification: NOT held");
  assertStringIncludes(text, "## Settings of the nearest");
  assert(!text.includes("Advice:"));
});

Deno.test("a rate out of reach is said to be the program's", async () => {
  assertStringIncludes(
    await advice({ ...GOAL, rate: 50e6 }),
    "The program fell behind its rate: outputs cost too much",
  );
});

Deno.test("a program that others held up is said to be, since that says little of the setting", async () => {
  const { tuning } = await tuneMadeUp(GOAL, ORDINARY, {
    change: (each) => ({ ...each, rate: 1e5, programWaitShare: 0.5 }),
  });
  assertStringIncludes(renderAdvice(tuning!, HERE), "others had its CPU for 50 % of the run");
  assertStringIncludes(renderAdvice(tuning!, HERE), "missed: rate (held up)");
});

Deno.test("what held a goal in a short run only is not confirmed, which is not the same as out of reach", async () => {
  const goal = { ...GOAL, maxLatencyNs: 1e6 };
  const runs = (await tuneMadeUp(goal)).measured.length;
  const { tuning } = await tuneMadeUp(goal, ORDINARY, {
    change: (measurement, run) => run < runs - 1 ? measurement : { ...measurement, rate: 1e5 },
  });
  assertStringIncludes(renderAdvice(tuning!, HERE), "Not confirmed: what held this goal in a short run");
});

Deno.test("the advice says which setting failed before the one that held", async () => {
  const goal = { ...GOAL, maxLatencyNs: 1e6 };
  const runs = (await tuneMadeUp(goal)).measured.length;
  const { tuning } = await tuneMadeUp(goal, ORDINARY, {
    change: (measurement, run) => run === runs - 1 ? { ...measurement, rate: 1e5 } : measurement,
  });
  assertStringIncludes(
    renderAdvice(tuning!, HERE).replaceAll("\n", " "),
    "It is the second setting that was verified",
  );
});

Deno.test("the table of candidates shows the quantile that the goal is on", async () => {
  const head = async (quantile: Goal["quantile"]): Promise<string> =>
    (await advice({ ...GOAL, maxLatencyNs: 1e6, quantile })).split("\n").find((line) =>
      line.startsWith("| ring")
    )!;
  assert(/ p50 +\| p99 +\| CPU/.test(await head("p99")));
  assert(/ p50 +\| p90 +\| p99 +\| CPU/.test(await head("p90")));
});

Deno.test("candidates that were compared by another quantile are said to be", async () => {
  const text = (await advice({ ...GOAL, rate: 300, maxLatencyNs: 1e6 })).replaceAll("\n", " ");
  assertStringIncludes(text, "their short runs have too few events for p99; they were compared by p90");
});

Deno.test("the limits of a measurement are told where they apply", async () => {
  const one = (await advice({ ...GOAL, cpus: 1 }, { ...HERE, consumerCpu: 0, noRingbuf: "no clang" }))
    .replaceAll(/\n */g, " ");
  assertStringIncludes(one, "There is one CPU only");
  assertStringIncludes(one, "BPF ring buffers were not measured: no clang.");
  assert(
    !one.includes("Spread over") && !one.includes("take turns at the lock") &&
      !one.includes("is busy"),
  );
  const { tuning } = await tuneMadeUp(GOAL, ORDINARY, { change: (each) => ({ ...each, waitShare: 0.3 }) });
  const shared = renderAdvice(tuning!, { ...HERE, consumerCpu: 0 });
  assert(!shared.includes("is busy"), "on one CPU reader and program wait for each other");
  const busy = renderAdvice(tuning!, HERE).replaceAll(/\n */g, " ");
  assertStringIncludes(busy, "others kept the reader from its CPU for up to 30 % of a run, and the program");
});
