/** The programs that wait, on real rings: all read the same events, and what a ring refused is counted. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { buildPeers, type PeerPrograms, waitCommand } from "../../../bench/peers/programs.ts";
import { Emitter, type WaitOutcome, WaitPeer } from "../../../bench/peers/wait_peer.ts";
import type { Emission, WaitConfig } from "../../../bench/peers/wait_protocol.ts";
import { type MeasuredProgram, PROGRAMS } from "../../../bench/suites/peers_plan.ts";
import { kernelTest, testCpus } from "../_kernel.ts";

const NEEDS = { commands: ["gcc", "clang", "bpftool"], twoCpus: true };

const [PRODUCER_CPU, CONSUMER_CPU] = testCpus as [number, number];

const CONFIG: WaitConfig = {
  producerCpu: PRODUCER_CPU,
  consumerCpu: CONSUMER_CPU,
  ringBytes: 262_144,
  wakeupEvents: 0,
  watermarkBytes: 1,
  waiter: "epoll",
};

/** 96 KiB of records, so that nothing is lost whoever sleeps. */
const FITS: Emission = { events: 2000, burst: 100, intervalNs: 500_000, wakeBytes: 0 };

const SAMPLES = 50;

/** A block of each program that was built. */
async function blocksOf(config: WaitConfig, emission: Emission): Promise<Map<string, WaitOutcome>> {
  const programs = await buildPeers();
  await using emitter = await Emitter.start([programs.emitter!, String(config.producerCpu)]);
  const blocks = new Map<string, WaitOutcome>();
  for (const { name, argv } of commandsOf(programs, config)) {
    await using peer = await WaitPeer.start({ name, argv, emitter, emission, samples: SAMPLES });
    blocks.set(name, await peer.block(7));
    assertEquals((await peer.block(7)).events, blocks.get(name)!.events, `${name} goes on as it began`);
  }
  return blocks;
}

function commandsOf(programs: PeerPrograms, config: WaitConfig): { name: string; argv: string[] }[] {
  return PROGRAMS.flatMap((program: MeasuredProgram) => {
    const argv = program.waitCommand(programs, config);
    return argv === null ? [] : [{ name: `${program.peer}, ${program.ring}`, argv }];
  });
}

kernelTest("all programs that wait read the same events", async () => {
  const blocks = await blocksOf(CONFIG, FITS);
  assert(blocks.size >= 5);
  const [first] = blocks.values();
  for (const [name, { events, check, refused, samples }] of blocks) {
    assertEquals({ events, check, refused }, { events: 2000, check: first!.check, refused: 0 }, name);
    assertEquals([samples.length, samples.every((ns) => ns > 0)], [SAMPLES, true], name);
  }
}, NEEDS);

kernelTest("what a ring refused is counted, whichever program reads it", async () => {
  // On one CPU nobody reads during a burst, and the ring holds no more than 341 of its events.
  const config = { ...CONFIG, consumerCpu: PRODUCER_CPU, ringBytes: 16_384, watermarkBytes: 8191 };
  const emission = { events: 2000, burst: 2000, intervalNs: 0, wakeBytes: 8192 };
  const programs = await buildPeers();
  await using emitter = await Emitter.start([programs.emitter!, String(PRODUCER_CPU)]);
  for (const { name, argv } of commandsOf(programs, config)) {
    await using peer = await WaitPeer.start({ name, argv, emitter, emission, samples: 0 });
    const { events, refused } = await peer.block(7);
    assert(refused >= 2000 - 341 && refused < 2000, `${name} lost ${refused} of 2000`);
    assertEquals(events, 2000 - refused, name);
  }
}, NEEDS);

kernelTest("a watermark of a perf ring and a threshold of a BPF ring buffer leave few wake-ups", async () => {
  const blocks = await blocksOf({ ...CONFIG, watermarkBytes: 500 * 48 - 1 }, {
    ...FITS,
    wakeBytes: 500 * 48,
  });
  for (const [name, { wakeups, events }] of blocks) {
    assertEquals(events, 2000, name);
    // A BPF ring buffer is read as long as it holds anything, so its reader need not be woken.
    if (wakeups !== null && name.endsWith(", perf")) assert(wakeups <= 4, `${name} woke ${wakeups} times`);
  }
}, NEEDS);

kernelTest("the peer in Go refuses what its library does not have", async () => {
  const programs = await buildPeers();
  await using emitter = await Emitter.start([programs.emitter!, String(PRODUCER_CPU)]);
  for (
    const [change, reason] of [
      [{ wakeupEvents: 4, watermarkBytes: 0 }, "this version of cilium/ebpf counts bytes"],
      [{ waiter: "spin" }, "the readers of cilium/ebpf use epoll"],
    ] as const
  ) {
    const argv = waitCommand(programs, "go_wait_perf", { ...CONFIG, ...change });
    if (argv === null) return; // no Go here
    await assertRejects(
      () => WaitPeer.start({ name: "go", argv, emitter, emission: FITS, samples: 0 }),
      Error,
      reason,
    );
  }
}, NEEDS);
