/**
 * The suites beside other programs, small, on real rings: what they compare, that clocks agree with the harness, and that
 * nothing is allocated per event.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { randomFrom } from "../../../bench/measure/random.ts";
import { buildPeers } from "../../../bench/peers/programs.ts";
import { compareClocks } from "../../../bench/suites/clocks.ts";
import { measureConsume } from "../../../bench/suites/consume.ts";
import { consumeCells } from "../../../bench/suites/consume_cells.ts";
import type { ConsumeOutcome } from "../../../bench/suites/consume_measure.ts";
import { type ConsumePlan, planBackends, planConsume, QUICK } from "../../../bench/suites/consume_plan.ts";
import { countGcLines } from "../../../bench/suites/gc_lines.ts";
import { latencyCells, latencyGoals, measureLatency } from "../../../bench/suites/latency.ts";
import { planLatency } from "../../../bench/suites/latency_plan.ts";
import { measurePeers } from "../../../bench/suites/peers.ts";
import { PROGRAMS, QUICK_PEERS } from "../../../bench/suites/peers_plan.ts";
import type { Parties } from "../../../bench/suites/parties.ts";
import { measureWakeup, wakeupCells } from "../../../bench/suites/wakeup.ts";
import { runSelfCheck } from "../../../bench/suites/self_check.ts";
import { pinThread } from "../../../src/ffi/affinity.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { conserves, type ProgramRecord } from "../../../src/report/schema.ts";
import { kernelTest, testCpus } from "../_kernel.ts";

const NEEDS = { commands: ["gcc", "clang", "bpftool"], twoCpus: true };

const SIZE = { launches: 2, rounds: 3, warmUpRounds: 1 };

async function openParties(): Promise<Parties> {
  const [producerCpu, consumerCpu] = testCpus as [number, number];
  const programs = await buildPeers();
  return { programs, producerCpu, consumerCpu, random: randomFrom(1), seed: 1, isInterrupted: () => false };
}

/** The suites run on the producer's CPU; the next test may run where it could before. */
function onProducerCpu({ producerCpu }: Parties): Disposable {
  const set = new Uint8Array(128);
  libc().sched_getaffinity(0, BigInt(set.length), set);
  pinThread(producerCpu);
  return { [Symbol.dispose]: () => void libc().sched_setaffinity(0, BigInt(set.length), set) };
}

async function measured(plan: ConsumePlan, parties: Parties): Promise<ConsumeOutcome> {
  const outcomes: ConsumeOutcome[] = [];
  await measureConsume([plan], SIZE, parties, (outcome) => outcomes.push(outcome));
  assertEquals(outcomes.length, 1);
  return outcomes[0]!;
}

kernelTest("the suite consume compares eventpipe with itself and with each peer", async () => {
  const parties = await openParties();
  using _affinity = onProducerCpu(parties);
  const plan = planConsume(QUICK, "ts").find(({ payload, delivery }) =>
    payload.label === "1024 B" && delivery === "scan"
  )!;
  const cells = consumeCells(await measured(plan, parties));
  assertEquals(cells.map(({ peer, ratio }) => [peer, ratio?.to ?? null, ratio?.pairs ?? null]), [
    [null, "eventpipe", 6],
    [null, "libbpf perf_buffer", 6],
    ["libbpf perf_buffer", null, null],
    [null, "C in-place walk", 6],
    ["C in-place walk", null, null],
  ]);
  assertEquals(new Set(cells.map(({ produced }) => produced)).size, 1, "all have read as many events");
}, NEEDS);

kernelTest("the suite backends compares the perf ring with a BPF ring buffer and with memory", async () => {
  const parties = await openParties();
  using _affinity = onProducerCpu(parties);
  const cells = consumeCells(await measured(planBackends("ts")[1]!, parties));
  assertEquals(cells.map(({ source, ring, peer, ratio }) => [source, ring, peer, ratio?.to ?? null]), [
    ["kernel", "perf", null, "eventpipe"],
    ["kernel", "perf", null, "eventpipe on a BPF ring buffer"],
    ["kernel", "ringbuf", null, null],
    ["kernel", "perf", null, "eventpipe on a memory ring"],
    ["memory", "perf", null, null],
  ]);
}, NEEDS);

for (const plan of planLatency("ts")) {
  kernelTest(`the suite latency compares with libbpf: ${plan.what}`, async () => {
    const parties = await openParties();
    using _affinity = onProducerCpu(parties);
    const events = Math.min(plan.emission.events, 8192);
    const small = { ...plan, emission: { ...plan.emission, events }, warmUpRounds: 1 };
    const outcome = (await measureLatency(small, { launches: 1, rounds: 2 }, parties))!;
    const cells = latencyCells(outcome);
    assertEquals(cells.map(({ peer, ratio }) => [peer, ratio?.to ?? null]), [
      [null, "eventpipe"],
      [null, "libbpf perf_buffer, waiting"],
      ["libbpf perf_buffer, waiting", null],
    ]);
    assert(cells.every(conserves));
    assertEquals(cells.map(({ produced }) => produced), [2 * events, 2 * events, 2 * events]);
    const counts = cells.map(({ latency, lost }) => (latency?.[0]?.count ?? 0) + lost);
    assertEquals(counts.every((count) => count >= 2 * small.samples), true, `${counts}`);
    const goals = latencyGoals(planLatency("ts"), [outcome]);
    assertEquals(goals.filter(({ value }) => value !== null).map(({ what }) => what), [plan.what]);
  }, NEEDS);
}

kernelTest("the suite wakeup wakes both readers once per burst, by events and by bytes", async () => {
  const parties = await openParties();
  using _affinity = onProducerCpu(parties);
  for (const kind of ["count", "watermark"] as const) {
    const outcome = (await measureWakeup({ kind, events: 8 }, SIZE, parties))!;
    const cells = wakeupCells(outcome);
    assertEquals(
      cells.map(({ peer, ratio, wakeupEvents, watermarkBytes }) => [
        peer,
        ratio?.pairs ?? null,
        wakeupEvents ?? watermarkBytes,
      ]),
      [
        [null, 6, kind === "count" ? 8 : 383],
        [null, 6, kind === "count" ? 8 : 383],
        ["libbpf perf_buffer, waiting", null, kind === "count" ? 8 : 383],
      ],
    );
    assert(cells.every(conserves));
    for (const { wakeups, dispatched } of cells) {
      // A reader that is late for the first burst of a block is woken by the second.
      const bursts = dispatched / 8;
      assert(wakeups! > 0.9 * bursts && wakeups! < 1.1 * bursts, `${wakeups} wake-ups of ${bursts} bursts`);
    }
  }
}, NEEDS);

kernelTest("the suite peers fills a row for each program that was built", async () => {
  const parties = await openParties();
  using _affinity = onProducerCpu(parties);
  const size = {
    consume: SIZE,
    latency: { launches: 1, rounds: 3, warmUpRounds: 0 },
    cpu: { launches: 1, rounds: 1, warmUpRounds: 0 },
    starts: 1,
    search: { blocks: 1, halvings: 1, warmUpBlocks: 0 },
  };
  const rows: ProgramRecord[] = [];
  const said: string[] = [];
  const programs = PROGRAMS.filter(({ peer }) => peer === "eventpipe ts" || peer === "libbpf perf_buffer");
  await measurePeers({ size, programs, say: (line) => said.push(line) }, parties, rows);
  assertEquals(said.length, 5);
  assertEquals(rows.map(({ peer, ring }) => `${peer}, ${ring}`), [
    "eventpipe ts, perf",
    "eventpipe ts, ringbuf",
    "libbpf perf_buffer, perf",
  ]);
  for (const { lossFreeRate: _, rateLimited, ...values } of rows) {
    assertEquals(Object.values(values).filter((value) => value === null), []);
    assertEquals(typeof rateLimited, "boolean");
  }
  const [ours, , theirs] = rows as [ProgramRecord, ProgramRecord, ProgramRecord];
  assert(ours.residentBytes! > theirs.residentBytes!, "a runtime takes memory");
  assert(ours.firstEventNs! > theirs.firstEventNs!, "and time to start");
}, NEEDS);

kernelTest("an interrupted suite peers has the rows of what was measured", async () => {
  const parties = { ...await openParties(), isInterrupted: () => rows.length > 0 };
  using _affinity = onProducerCpu(parties);
  const rows: ProgramRecord[] = [];
  const programs = PROGRAMS.filter(({ isOwn }) => !isOwn).slice(0, 1);
  const size = { ...QUICK_PEERS, consume: SIZE };
  await measurePeers({ size, programs, say: () => {} }, parties, rows);
  assertEquals(rows.map(({ peer, p50, lossFreeRate }) => [peer, p50, lossFreeRate]), [[
    "libbpf perf_buffer",
    null,
    null,
  ]]);
  assert(rows[0]!.consumeNs! > 0);
}, NEEDS);

kernelTest("a peer's own clock and the harness agree within 5 % on a block", async () => {
  const parties = await openParties();
  using _affinity = onProducerCpu(parties);
  const { ownNs, harnessNs } = (await compareClocks(parties.programs, parties))!;
  assert(harnessNs >= ownNs, "the block lies within the request");
  assert(harnessNs <= 1.05 * ownNs, `the harness waited ${harnessNs / ownNs} times as long`);
}, NEEDS);

for (const ring of ["perf", "ringbuf"] as const) {
  kernelTest(`events of a ${ring} ring go through the public API without a collection`, async () => {
    const parties = await openParties();
    assertEquals(
      await countGcLines(parties.programs, { ...parties, ring, scanner: "ts", events: 1_000_000 }),
      0,
    );
  }, NEEDS);
}

kernelTest("the self-check counts its comparisons and says what it found", async () => {
  using _affinity = onProducerCpu(await openParties());
  const check = await runSelfCheck({ comparisons: 2, slowedComparisons: 1, seed: 1 });
  assert(check.different <= 2 && check.found <= 1);
  assertMatch(
    check.text,
    /different from itself in [012] of 2 comparisons of 40 pairs .* slower in [01] of 1: /,
  );
  assertEquals(check.isPassed, check.probability >= 0.05 && check.found === 1);
}, NEEDS);
