/** The plans of the suite `peers`. */

import { assert, assertEquals } from "@std/assert";
import type { PeerPrograms } from "../../../../bench/peers/programs.ts";
import { programText } from "../../../../bench/suites/peers.ts";
import {
  ASLEEP,
  FULL_PEERS,
  MILLION,
  PROGRAMS,
  QUICK_PEERS,
  RATES,
  SEARCHED,
  searchEmission,
} from "../../../../bench/suites/peers_plan.ts";

const CONSUME = {
  producerCpu: 0,
  consumerCpu: 1,
  ringBytes: 262_144,
  payloadBytes: 32,
  payloadSteps: 1,
  handlers: 4,
  events: 1,
  rings: 1,
};
const WAIT = {
  producerCpu: 0,
  consumerCpu: 1,
  ringBytes: 262_144,
  wakeupEvents: 0,
  watermarkBytes: 1,
  waiter: "epoll",
} as const;

/** What was built, with commands that are the names of their programs. */
function built(...names: Parameters<PeerPrograms["built"]["get"]>[0][]): PeerPrograms {
  return {
    emitter: "emit",
    generator: "fill",
    built: new Map(names.map((name) => [name, [name]])),
    absent: [],
  };
}

Deno.test("the programs have a reader of full rings and one that waits, and each its own row", () => {
  const all = built(
    "perf_buffer",
    "wait_perf",
    "ring_buffer",
    "wait_ring",
    "go_perf",
    "go_wait_perf",
    "go_ringbuf",
    "go_wait_ringbuf",
  );
  const rows = PROGRAMS.map(({ peer, ring }) => `${peer}, ${ring}`);
  assertEquals(new Set(rows).size, 7);
  for (const program of PROGRAMS) {
    const consume = program.consumeCommand(all, CONSUME)!;
    const wait = program.waitCommand(all, WAIT)!;
    if (program.isOwn) {
      assertEquals([consume[4], wait[4]], [program.ring, program.ring]);
      assertEquals(program.peer, `eventpipe ${wait[5]}`);
    } else assert(wait[0]!.includes("wait") && !consume[0]!.includes("wait"), wait[0]);
  }
});

Deno.test("programs that were not built have no command", () => {
  for (const program of PROGRAMS.filter(({ isOwn }) => !isOwn)) {
    assertEquals(program.consumeCommand(built(), CONSUME), null);
    assertEquals(program.waitCommand(built(), WAIT), null);
  }
});

Deno.test("rates double, and each is emitted at its rate for a tenth of a second", () => {
  for (const [index, rate] of RATES.entries()) {
    if (index > 0) assertEquals(rate, 2 * RATES[index - 1]!);
    const { events, burst, intervalNs } = searchEmission(rate);
    assertEquals(events % burst, 0);
    assert(Math.abs(burst * 1e9 / intervalNs / rate - 1) < 0.02);
    assert(Math.abs(events / rate - 0.1) <= burst / rate);
  }
});

Deno.test("perf rings and BPF ring buffers wake their readers at the same number of events", () => {
  for (const { watermarkBytes, emission } of [MILLION, { ...SEARCHED, emission: searchEmission(1e6) }]) {
    assertEquals(watermarkBytes + 1, emission.wakeBytes);
  }
  assertEquals([ASLEEP.watermarkBytes, ASLEEP.emission.wakeBytes], [1, 0], "each event wakes");
});

Deno.test("p99 of the latencies has enough of them, in a quick run too", () => {
  for (const { latency: { launches, rounds } } of [FULL_PEERS, QUICK_PEERS]) {
    assert(launches * rounds * ASLEEP.emission.events >= 1000);
  }
});

Deno.test("programText tells what is known and leaves out what is not", () => {
  const row = {
    peer: "eventpipe ts",
    ring: "perf",
    consumeNs: 17.42,
    lossFreeRate: 2_500_000,
    rateLimited: true,
    p50: 35_462,
    p99: 90_000,
    cpuNsPerEvent: 29.6,
    residentBytes: 59_244_544,
    firstEventNs: 62_425_791,
  } as const;
  assertEquals(
    programText(row),
    "eventpipe ts, perf: 17.4 ns from a full ring, 2.50 M events/s without loss or more, p50 35 us, CPU 30 ns, 56.5 MiB, " +
      "first event after 62 ms",
  );
  assert(
    programText({ ...row, lossFreeRate: null, rateLimited: null }).includes("- M events/s without loss, "),
  );
});
