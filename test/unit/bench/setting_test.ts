/** What settings mean in bytes and wake-ups. */

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { effectiveEvents, recordBytes, type Wakeup } from "../../../bench/setting.ts";

function effective(wakeup: Wakeup, ringBytes = 65536): number | null {
  return effectiveEvents({ ring: "perf", ringBytes, wakeup }, 100);
}

Deno.test("an event of 100 bytes takes 112 in a perf ring and in a BPF ring buffer", () => {
  assertEquals([recordBytes("perf", 100), recordBytes("ringbuf", 100)], [112, 112]);
  assertEquals([recordBytes("perf", 101), recordBytes("ringbuf", 101)], [120, 120]);
});

Deno.test("beside a threshold in events half the ring wakes too, and instead of one in bytes it does not", () => {
  const halfRing = 32768 / 112;
  assertAlmostEquals(effective({ kind: "events", events: 16 })!, 1 / (1 / 16 + 1 / halfRing));
  assertAlmostEquals(effective({ kind: "rare" })!, halfRing, 0.01);
  assertEquals(effective({ kind: "bytes", bytes: 1120 }), 10);
  assertEquals(effective({ kind: "bytes", bytes: 10 }), 1);
});

Deno.test("a BPF ring buffer's wake-ups depend on its reader", () => {
  assertEquals(
    effectiveEvents({ ring: "ringbuf", ringBytes: 65536, wakeup: { kind: "adaptive" } }, 100),
    null,
  );
});
