/** The lines that harness, waiting peers and the emitting program exchange. */

import { assertEquals, assertThrows } from "@std/assert";
import {
  emitRequest,
  readWaitAnswer,
  readWaitArguments,
  readWaitRequest,
  waitArguments,
  type WaitConfig,
  waitRequest,
} from "../../../../bench/peers/wait_protocol.ts";

const CONFIG: WaitConfig = {
  producerCpu: 0,
  consumerCpu: 1,
  ringBytes: 262_144,
  wakeupEvents: 1,
  watermarkBytes: 0,
  waiter: "spin",
};

Deno.test("a waiting peer reads the arguments that the harness writes, and refuses others", () => {
  const args = waitArguments("fill.bpf.o", CONFIG);
  assertEquals(readWaitArguments(args), { object: "fill.bpf.o", config: CONFIG });
  for (
    const wrong of [[], args.slice(0, -1), [...args, "epoll"], args.with(2, "many"), args.with(6, "poll")]
  ) {
    assertThrows(() => readWaitArguments(wrong), TypeError, "the generator's path, 5 integers and a waiter");
  }
});

Deno.test("a waiting peer reads the requests that the harness writes, and nothing else", () => {
  assertEquals(readWaitRequest(waitRequest(400, 0).trimEnd()), { events: 400, samples: 0 });
  for (const wrong of ["", "wait 1", "wait 1 2 3", "wait -1 2", "block 1 2"]) {
    assertThrows(() => readWaitRequest(wrong), TypeError, `current value is ${wrong}`);
  }
});

Deno.test("the emitting program is told whose events to emit, how many and how fast", () => {
  const emission = { events: 400, burst: 1, intervalNs: 200_000, wakeBytes: 48 };
  const peer = { program: 7, pid: 99 };
  assertEquals(emitRequest(peer, emission, 5), "emit 7 400 1 200000 48 0 5\n");
  assertEquals(emitRequest(peer, { ...emission, findsAsleep: true }, 5), "emit 7 400 1 200000 48 99 5\n");
});

Deno.test("the harness reads answers of both programs, and refuses what is none", () => {
  const block = { events: 2, check: 3, ns: 4, cpuNs: 5, wakeups: 1, samples: [-6, 7] };
  for (
    const answer of [
      { ready: true },
      { program: 9 },
      { late: 0, refused: 1, runNs: 2, wholeNs: 3 },
      { error: "Cannot x: y" },
      block,
      { ...block, wakeups: null },
    ]
  ) {
    assertEquals<unknown>(readWaitAnswer(JSON.stringify(answer)), answer);
  }
  for (
    const wrong of [
      "",
      "null",
      "{}",
      '{"late":1}',
      ...[{ samples: [1.5] }, { wakeups: -1 }].map((change) => JSON.stringify({ ...block, ...change })),
    ]
  ) {
    assertThrows(() => readWaitAnswer(wrong), TypeError, `current value is ${wrong}`);
  }
});
