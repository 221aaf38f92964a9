/** The peers on real rings: all read the same events, and they end as they are told. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Peer } from "../../../bench/peers/peer.ts";
import {
  buildPeers,
  eventpipeCommand,
  peerCommand,
  type PeerName,
  type PeerPrograms,
} from "../../../bench/peers/programs.ts";
import { eventsPerFill, type PeerBlock, type PeerConfig } from "../../../bench/peers/protocol.ts";
import { peerVersions } from "../../../bench/peers/versions.ts";
import { findExecutable, hasGoLibrary } from "../../../src/cli/packages.ts";
import { kernelTest, testCpus } from "../_kernel.ts";

const NEEDS = { commands: ["gcc", "clang", "bpftool"], twoCpus: true };

/** Go is no tool of the tests: where it is not, they say so. */
const HAS_GO = findExecutable("go") !== null && hasGoLibrary();
const GO_NEEDS = { ...NEEDS, trait: HAS_GO ? null : "no Go with cilium/ebpf" };

const C_PEERS = ["perf_buffer", "perf_walk", "ring_buffer"] as const;

const FILLS = 3;
const RING = { ringBytes: 65_536, payloadBytes: 28, payloadSteps: 15 };

function configOf(change: Partial<PeerConfig> = {}): PeerConfig {
  const [producerCpu, consumerCpu] = testCpus as [number, number];
  return { producerCpu, consumerCpu, ...RING, handlers: 0, events: eventsPerFill(RING), rings: 1, ...change };
}

async function blocksOf(argv: readonly string[]): Promise<PeerSums[]> {
  await using peer = await Peer.start({ name: argv[0]!, argv, fills: FILLS });
  const blocks = [];
  for (const seed of [1, 4_000_000_000, 1]) blocks.push(await peer.block(seed));
  assert(blocks.every(({ ns, wholeNs }) => ns > 0 && ns < wholeNs));
  return blocks.map(({ events, check }) => ({ events, check }));
}

/** The command of a peer that is not eventpipe. */
function other(programs: PeerPrograms, name: PeerName, config: PeerConfig): string[] {
  return peerCommand(programs, name, config, { scanner: "ts", delivery: "scan" })!;
}

/** What all of some commands read, which must be the same. */
async function sameBlocks(commands: readonly (readonly string[])[]): Promise<readonly PeerSums[]> {
  const all: PeerSums[][] = [];
  for (const command of commands) all.push(await blocksOf(command));
  for (const blocks of all) assertEquals(blocks, all[0]);
  return all[0]!;
}

type PeerSums = Pick<PeerBlock, "events" | "check">;

for (
  const [what, handlers, commandsOf] of [
    ["scanned from a perf ring", 0, [["perf", "scan"], ["memory", "scan"], "perf_buffer", "perf_walk"]],
    ["delivered from a perf ring", 5, [
      ["perf", "each"],
      ["perf", "batch"],
      ["memory", "each"],
      "perf_buffer",
    ]],
    ["scanned from a BPF ring buffer", 0, [["ringbuf", "scan"], "ring_buffer"]],
    ["delivered from a BPF ring buffer", 5, [["ringbuf", "each"], ["ringbuf", "batch"], "ring_buffer"]],
  ] as const
) {
  kernelTest(`all peers read the same events, ${what}`, async () => {
    const programs = await buildPeers();
    const config = configOf({ handlers });
    const [one, another, again] = await sameBlocks(
      commandsOf.map((command) =>
        typeof command === "string"
          ? other(programs, command, config)
          : eventpipeCommand(programs, { ring: command[0], scanner: "ts", delivery: command[1] }, config)
      ),
    );
    assertEquals(one!.events, FILLS * config.events);
    assertEquals(again, one, "a seed repeats its events");
    assert(another!.check !== one!.check, "another seed draws others");
  }, NEEDS);
}

for (
  const [ring, c, go] of [["perf", "perf_buffer", "go_perf"], [
    "ringbuf",
    "ring_buffer",
    "go_ringbuf",
  ]] as const
) {
  kernelTest(`the peer in Go reads the same events as those in C from a ${ring} ring`, async () => {
    const programs = await buildPeers();
    const config = configOf({ handlers: 5 });
    await sameBlocks([other(programs, c, config), other(programs, go, config)]);
  }, GO_NEEDS);
}

kernelTest("all words of an event are added up to the same sum", async () => {
  const programs = await buildPeers();
  const ring = { ringBytes: 65_536, payloadBytes: 1024, payloadSteps: 1 };
  const config = configOf({ ...ring, handlers: 1, events: eventsPerFill(ring) });
  const ours = eventpipeCommand(programs, { ring: "perf", scanner: "ts", delivery: "words" }, config);
  const [words] = await sameBlocks([ours, other(programs, "perf_buffer_words", config)]);
  const [few] = await blocksOf(other(programs, "perf_buffer", config));
  assertEquals(words!.events, few!.events);
}, NEEDS);

kernelTest("many rings of which one is active are drained of the same events", async () => {
  const programs = await buildPeers();
  const config = configOf({ ringBytes: 16_384, handlers: 1, events: 7, rings: 64 });
  const ours = eventpipeCommand(programs, { ring: "perf", scanner: "ts", delivery: "each" }, config);
  const [block] = await sameBlocks([ours, other(programs, "perf_buffer", config)]);
  assertEquals(block!.events, FILLS * 7);
  for (const name of ["perf_walk", "ring_buffer"] as const) {
    const argv = other(programs, name, { ...config, handlers: 0 });
    await assertRejects(() => Peer.start({ name, argv, fills: 1 }), Error, "read several rings");
  }
}, NEEDS);

kernelTest("peers end with status 0 when their stdin does", async () => {
  const programs = await buildPeers();
  const config = configOf();
  const commands = [
    ...C_PEERS.map((peer) => other(programs, peer, config)),
    eventpipeCommand(programs, { ring: "perf", scanner: "ts", delivery: "scan" }, config),
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
    ...C_PEERS.map((peer) => other(programs, peer, config)),
    eventpipeCommand(programs, { ring: "perf", scanner: "ts", delivery: "each" }, { ...config, handlers: 1 }),
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
    const argv = other(missing, peer, configOf());
    await assertRejects(
      () => Peer.start({ name: peer, argv, fills: 1 }),
      Error,
      "Cannot open the generator: No such file or directory",
    );
  }
  const ours = eventpipeCommand(missing, { ring: "perf", scanner: "ts", delivery: "scan" }, configOf());
  await assertRejects(
    () => Peer.start({ name: "eventpipe", argv: ours, fills: 1 }),
    Error,
    "Cannot open /nonexistent/fill.bpf.o",
  );
  const walk = other(programs, "perf_walk", configOf({ handlers: 1 }));
  await assertRejects(() => Peer.start({ name: "walk", argv: walk, fills: 1 }), Error, "categories only");
}, NEEDS);

kernelTest("a run knows the versions of what its peers are built from", () => {
  const { gcc, go, ...libraries } = peerVersions();
  assertMatch(gcc!, /^\d+\.\d+/);
  const ebpf = libraries["cilium/ebpf"];
  assertEquals([go === null, ebpf === null], [findExecutable("go") === null, !hasGoLibrary()]);
  for (const version of [go, ebpf]) if (typeof version === "string") assertMatch(version, /^\d+\.\d+/);
}, NEEDS);
