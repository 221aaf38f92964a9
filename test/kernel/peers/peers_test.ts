/**
 * The peers on real rings: all read the same events, their clocks agree with the harness, and they end as they are told.
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { monotonicNs } from "../../../src/ffi/clock.ts";
import { Peer } from "../../../bench/peers/peer.ts";
import { buildPeers, C_PEERS, cPeerCommand, eventpipeCommand } from "../../../bench/peers/programs.ts";
import { eventsPerFill, type PeerBlock, type PeerConfig } from "../../../bench/peers/protocol.ts";
import { runConsume } from "../../../bench/suites/consume.ts";
import { runSelfCheck } from "../../../bench/suites/self_check.ts";
import { planConsume, QUICK } from "../../../bench/suites/consume_plan.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { kernelTest, testCpus } from "../_kernel.ts";

const NEEDS = { commands: ["gcc", "clang", "bpftool"], twoCpus: true };

const FILLS = 3;
const RING = { ringBytes: 65_536, payloadBytes: 28, payloadSteps: 15 };

function configOf(change: Partial<PeerConfig> = {}): PeerConfig {
  const [producerCpu, consumerCpu] = testCpus as [number, number];
  return { producerCpu, consumerCpu, ...RING, handlers: 0, events: eventsPerFill(RING), ...change };
}

async function blocksOf(argv: readonly string[]): Promise<Pick<PeerBlock, "events" | "check">[]> {
  await using peer = await Peer.start({ name: argv[0]!, argv, fills: FILLS });
  const blocks = [];
  for (const seed of [1, 4_000_000_000, 1]) blocks.push(await peer.block(seed));
  assert(blocks.every(({ ns, wholeNs }) => ns > 0 && ns < wholeNs));
  return blocks.map(({ events, check }) => ({ events, check }));
}

/** The suite pins the thread; the next test may run where it could before. */
function keepAffinity(): Disposable {
  const set = new Uint8Array(128);
  libc().sched_getaffinity(0, BigInt(set.length), set);
  return { [Symbol.dispose]: () => void libc().sched_setaffinity(0, BigInt(set.length), set) };
}

for (
  const [what, ring, handlers, deliveries, peers] of [
    ["scanned from a perf ring", "perf", 0, ["scan"], ["perf_buffer", "perf_walk"]],
    ["delivered from a perf ring", "perf", 5, ["each", "batch"], ["perf_buffer"]],
    ["scanned from a BPF ring buffer", "ringbuf", 0, ["scan"], ["ring_buffer"]],
    ["delivered from a BPF ring buffer", "ringbuf", 5, ["each", "batch"], ["ring_buffer"]],
  ] as const
) {
  kernelTest(`all peers read the same events, ${what}`, async () => {
    const programs = await buildPeers();
    const config = configOf({ handlers });
    const commands = [
      ...deliveries.map((delivery) => eventpipeCommand(programs, ring, delivery, config)),
      ...peers.map((peer) => cPeerCommand(programs, peer, config)!),
    ];
    const all = [];
    for (const command of commands) all.push(await blocksOf(command));
    const [first] = all;
    for (const blocks of all) assertEquals(blocks, first);
    const [one, other, again] = first!;
    assertEquals(one!.events, FILLS * config.events);
    assertEquals(again, one, "a seed repeats its events");
    assert(other!.check !== one!.check, "another seed draws others");
  }, NEEDS);
}

kernelTest("a peer's own clock and the harness agree within 5 % on a block", async () => {
  const programs = await buildPeers();
  const argv = cPeerCommand(programs, "perf_buffer", configOf())!;
  await using peer = await Peer.start({ name: "perf_buffer", argv, fills: 500 });
  // What another process takes of the time between the two clocks is none of theirs: the best of several counts.
  let best = Infinity;
  for (let i = 0; i < 10; i++) {
    const start = monotonicNs();
    const { wholeNs } = await peer.block(i);
    const harnessNs = monotonicNs() - start;
    assert(harnessNs >= wholeNs, "the block lies within the request");
    best = Math.min(best, harnessNs / wholeNs);
  }
  assert(best <= 1.05, `the harness waited ${best} times as long`);
}, NEEDS);

kernelTest("peers end with status 0 when their stdin does", async () => {
  const programs = await buildPeers();
  const config = configOf();
  const commands = [
    ...C_PEERS.map((peer) => cPeerCommand(programs, peer, config)!),
    eventpipeCommand(programs, "perf", "scan", config),
  ];
  for (const [program, ...args] of commands) {
    const { code, stdout } = await new Deno.Command(program!, { args, stdin: "null" }).output();
    assertEquals([code, new TextDecoder().decode(stdout)], [0, '{"ready":true}\n'], program);
  }
}, NEEDS);

kernelTest("peers whose ring has no room for the events say so", async () => {
  const programs = await buildPeers();
  const config = configOf({ events: 2 * eventsPerFill(RING) });
  const commands = [
    ...C_PEERS.map((peer) => cPeerCommand(programs, peer, config)!),
    eventpipeCommand(programs, "perf", "each", { ...config, handlers: 1 }),
  ];
  for (const argv of commands) {
    await using peer = await Peer.start({ name: "overfull", argv, fills: 1 });
    await assertRejects(() => peer.block(1), Error, "it has no room for");
  }
}, NEEDS);

kernelTest("peers that cannot start say why", async () => {
  const programs = await buildPeers();
  const missing = { ...programs, generator: "/nonexistent/fill.bpf.o" };
  for (const peer of C_PEERS) {
    const argv = cPeerCommand(missing, peer, configOf())!;
    await assertRejects(
      () => Peer.start({ name: peer, argv, fills: 1 }),
      Error,
      "Cannot open the generator: No such file or directory",
    );
  }
  const ours = eventpipeCommand(missing, "perf", "scan", configOf());
  await assertRejects(
    () => Peer.start({ name: "eventpipe", argv: ours, fills: 1 }),
    Error,
    "Cannot open /nonexistent/fill.bpf.o",
  );
  const walk = cPeerCommand(programs, "perf_walk", configOf({ handlers: 1 }))!;
  await assertRejects(() => Peer.start({ name: "walk", argv: walk, fills: 1 }), Error, "categories only");
}, NEEDS);

kernelTest("the suite consume compares eventpipe with itself and with each peer", async () => {
  const plans = planConsume(QUICK).filter(({ ringBytes, payload, delivery }) =>
    ringBytes === 262_144 && payload.label === "1024 B" && delivery === "scan"
  );
  assertEquals(plans.length, 1);
  const told: string[] = [];
  using _affinity = keepAffinity();
  const run = await runConsume({
    size: { launches: 2, rounds: 3, warmUpRounds: 1, isQuick: true },
    seed: 1,
    plans,
    onMeasured: ({ plan }, done, total) => told.push(`${plan.delivery} ${done}/${total}`),
    isInterrupted: () => false,
  });
  assertEquals(told, ["scan 1/1"]);
  assertEquals(run.cells.map(({ peer, ratio }) => [peer, ratio?.to ?? null, ratio?.pairs ?? null]), [
    [null, "eventpipe", 6],
    [null, "libbpf perf_buffer", 6],
    ["libbpf perf_buffer", null, null],
    [null, "C in-place walk", 6],
    ["C in-place walk", null, null],
  ]);
  const events = new Set(run.cells.map(({ produced }) => produced));
  assertEquals(events.size, 1, "all have read the same number of events");
  assert(run.noiseFloor.readings > 0);
}, NEEDS);

kernelTest("the self-check counts its comparisons and says what it found", async () => {
  using _affinity = keepAffinity();
  const check = await runSelfCheck({ comparisons: 2, slowedComparisons: 1, seed: 1 });
  assert(check.different <= 2 && check.found <= 1);
  assertMatch(
    check.text,
    /different from itself in [012] of 2 comparisons of 40 pairs .* slower in [01] of 1: /,
  );
  assertEquals(check.isPassed, check.probability >= 0.05 && check.found === 1);
}, NEEDS);
