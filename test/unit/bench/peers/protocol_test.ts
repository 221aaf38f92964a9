/** The lines harness and peers exchange, and how many events fill a ring. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  blockRequest,
  eventsPerFill,
  peerArguments,
  type PeerConfig,
  readBlockRequest,
  readPeerAnswer,
  readPeerArguments,
} from "../../../../bench/peers/protocol.ts";

const CONFIG: PeerConfig = {
  producerCpu: 0,
  consumerCpu: 1,
  ringBytes: 262_144,
  payloadBytes: 28,
  payloadSteps: 15,
  handlers: 4,
  events: 2594,
  rings: 1,
};

Deno.test("a peer reads the arguments that the harness writes", () => {
  assertEquals(readPeerArguments(peerArguments("fill.bpf.o", CONFIG)), {
    object: "fill.bpf.o",
    config: CONFIG,
  });
});

Deno.test("a peer refuses arguments that are too few, too many or no integers", () => {
  const args = peerArguments("fill.bpf.o", CONFIG);
  for (const wrong of [[], args.slice(0, -1), [...args, "1"], args.with(3, "many"), args.with(3, "1.5")]) {
    assertThrows(() => readPeerArguments(wrong), TypeError, "expected the generator's path and 8 integers");
  }
});

Deno.test("a peer reads the requests that the harness writes, and nothing else", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), fc.integer({ min: 1, max: 1000 }), (seed, fills) => {
      assertEquals(readBlockRequest(blockRequest(seed, fills).trimEnd()), { seed, fills });
    }),
    { seed: 1 },
  );
  for (const wrong of ["", "block", "block 1", "block 1 2 3", "block -1 2", "stop 1 2"]) {
    assertThrows(() => readBlockRequest(wrong), TypeError, `current value is ${wrong}`);
  }
});

Deno.test("the harness reads answers of all kinds, and refuses what is none", () => {
  const block = { events: 2, check: 3, ns: 4, wholeNs: 5 };
  assertEquals(readPeerAnswer('{"ready":true}'), { ready: true });
  assertEquals(readPeerAnswer('{"error":"Cannot x: y"}'), { error: "Cannot x: y" });
  assertEquals(readPeerAnswer(JSON.stringify({ ...block, more: 1 })), block);
  for (const wrong of ["", "hello", "null", "7", "{}", JSON.stringify({ ...block, ns: -1 })]) {
    assertThrows(() => readPeerAnswer(wrong), TypeError, `current value is ${wrong}`);
  }
});

Deno.test("eventsPerFill of equal events is all that fit beside the byte that stays free", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 12, max: 21 }),
      fc.integer({ min: 24, max: 4000 }),
      (power, payloadBytes) => {
        const ringBytes = 2 ** power;
        const record = Math.ceil((12 + payloadBytes) / 8) * 8;
        const events = eventsPerFill({ ringBytes, payloadBytes, payloadSteps: 1 });
        assert(events * record < ringBytes && (events + 1) * record >= ringBytes);
      },
    ),
    { seed: 1 },
  );
});

Deno.test("eventsPerFill of drawn sizes leaves a twentieth of the ring", () => {
  // 28, 36, ..., 140 bytes: records of 40 to 152 bytes, 96 on average.
  assertEquals(eventsPerFill({ ringBytes: 262_144, payloadBytes: 28, payloadSteps: 15 }), 2594);
});

Deno.test("eventsPerFill refuses events that no ring of that size takes", () => {
  assertThrows(
    () => eventsPerFill({ ringBytes: 4096, payloadBytes: 4096, payloadSteps: 1 }),
    RangeError,
    "events of 4096 bytes do not fit into 4096 bytes",
  );
});
