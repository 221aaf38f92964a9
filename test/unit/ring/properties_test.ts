/**
 * Properties of scanner and writer on random rings, with fixed seeds: the scanner tells what the oracle tells, writer and
 * scanner lose nothing between them, and no content whatever makes the scanner throw, loop or write where it must not.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { layOutRings, SPARE_BYTES } from "../../../src/ring/geometry.ts";
import { PerfWriter } from "../../../src/ring/perf_writer.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import {
  FakeRing,
  fakeRings,
  heard,
  lost,
  oracle,
  pass,
  payload,
  record,
  sample,
  skipped,
  tell,
  type Told,
} from "./_records.ts";
import { perfTest, ringBuffer } from "./_scanners.ts";

const ringSizes = fc.constantFrom(4096, 8192, 16384);

/** Positions where words and rings wrap, and any other; multiples of 8. */
const positions = fc.oneof(
  fc.constantFrom(0n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n).chain((near) =>
    fc.integer({ min: -600, max: 600 }).map((words) => BigInt.asUintN(64, near + BigInt(words) * 8n))
  ),
  fc.bigInt({ min: 0n, max: 2n ** 60n }).map((words) => words * 8n),
);

/** Short payloads mostly; now and then one that makes the ring nearly full. */
const lengths = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 120 }) }, {
  weight: 1,
  arbitrary: fc.integer({ min: 121, max: 4076 }),
});

const records = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(lengths, fc.nat(255)).map(([n, seed]) => sample(payload(n, seed))) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 ** 31 }).map((count) => lost(count)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(0, 3, 5, 13), fc.nat(9)).map(([type, words]) =>
      record(type, new Uint8Array(words * 8).fill(type))
    ),
  },
);

/** Appends as many records as there is room for. */
function fill(ring: FakeRing, all: readonly Uint8Array[], from = 0): number {
  let next = from;
  while (next < all.length) {
    const bytes = all[next]!;
    const used = BigInt.asUintN(64, ring.head - ring.tail);
    if (used + BigInt(bytes.length) > BigInt(ring.region.bytes - 1)) break;
    ring.write(ring.head, bytes);
    ring.head = BigInt.asUintN(64, ring.head + BigInt(bytes.length));
    next++;
  }
  return next;
}

perfTest("scan tells what the oracle tells, for any records at any position", (scannerOf) => {
  fc.assert(
    fc.property(ringSizes, positions, fc.array(records, { maxLength: 120 }), (ringBytes, position, all) => {
      const rings = fakeRings(ringBytes, position);
      const [ring] = rings as [FakeRing];
      const scanner = scannerOf(...rings);
      for (let next = 0; next < all.length;) {
        next = fill(ring, all, next);
        const expected = oracle(ring);
        const told = pass(scanner, ring);
        assertEquals(heard(told), heard(expected));
        assertEquals(skipped(told), skipped(expected));
        assertEquals(ring.tail, ring.head);
      }
    }),
    { seed: 1, numRuns: 150 },
  );
});

perfTest("scan and commit in any order with the producer tell everything once", (scannerOf) => {
  type Step = "write" | "begin" | "scan" | "commit" | { through: number };
  const steps: fc.Arbitrary<Step> = fc.oneof(
    fc.constantFrom<Step>("write", "begin", "scan", "commit"),
    fc.nat(300).map((through) => ({ through })),
  );
  const smallRecords = fc.array(records, { minLength: 50, maxLength: 300 });
  fc.assert(
    fc.property(ringSizes, positions, smallRecords, fc.array(steps), (ringBytes, position, all, script) => {
      const rings = fakeRings(ringBytes, position);
      const [ring] = rings as [FakeRing];
      const scanner = scannerOf(...rings);
      const batch = new RecordBatch();
      const told: Told[] = [];
      const expected: Told[] = [];
      let next = 0;
      const write = (): void => {
        const before = ring.head;
        next = fill(ring, all, next);
        expected.push(...heard(oracle(ring, before)));
      };
      for (const step of script) {
        if (step === "write") write();
        else if (step === "begin") scanner.begin(0);
        else if (step === "commit") scanner.commit(0);
        else if (step === "scan") {
          scanner.scan(0, batch);
          told.push(...heard(tell(ring, batch)));
        } else {
          scanner.scan(0, batch);
          const last = Math.min(step.through, batch.count - 1);
          told.push(...heard(tell(ring, batch)).slice(0, batch.count === 0 ? undefined : last + 1));
          if (last >= 0) {
            scanner.rewind(0, batch, last);
            scanner.commit(0);
          }
        }
      }
      while (next < all.length) {
        told.push(...heard(pass(scanner, ring)));
        write();
      }
      told.push(...heard(pass(scanner, ring)));
      assertEquals(told, expected);
      assertEquals(ring.tail, ring.head);
    }),
    { seed: 2, numRuns: 100 },
  );
});

perfTest("writer and scanner conserve events: produced = seen + lost + unread", (scannerOf) => {
  const moves = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.boolean()), { maxLength: 25 });
  fc.assert(
    fc.property(ringSizes, positions, moves, fc.nat(), (ringBytes, position, script, seed) => {
      const { regions, bufferBytes } = layOutRings(1, ringBytes, 4096, SPARE_BYTES);
      const ring = new FakeRing(ringBuffer(bufferBytes, 1), regions[0]!, position);
      let refused = 0;
      const writer = new PerfWriter({
        buffer: ring.buffer,
        region: ring.region,
        ring: 0,
        staging: ring.region.data + ringBytes + SPARE_BYTES,
        wakeupEvents: 1,
        events: { accepts: () => true, wake: () => {}, lose: () => void refused++ },
      });
      const scanner = scannerOf(ring);
      const accepted: number[][] = [];
      const seen: number[][] = [];
      let produced = 0;
      let lostTold = 0n;
      const listen = (told: readonly Told[]): void => {
        for (const each of told) {
          if ("sample" in each) seen.push(each.sample);
          else if ("lost" in each) lostTold += each.lost;
          else throw new Error("corrupt");
        }
      };
      for (const [count, reads] of script) {
        for (let i = 0; i < count; i++) {
          const bytes = payload(4 + (produced * 37 + seed) % 400, produced);
          produced++;
          if (writer.outputBytes(bytes) === 0) accepted.push([...bytes]);
        }
        if (reads) listen(pass(scanner, ring));
      }
      const unread = oracle(ring);
      const unreadEvents = unread.filter((each) => "sample" in each).length;
      assertEquals(produced, seen.length + refused + unreadEvents);
      listen(pass(scanner, ring));
      assertEquals(produced, seen.length + refused);
      seen.forEach((bytes, i) => assertEquals(bytes.slice(0, accepted[i]!.length), accepted[i]));
      // What was refused after the last event that fitted stands in no LOST record yet.
      assert(lostTold <= BigInt(refused));
      if (writer.output(4) === 0) {
        listen(pass(scanner, ring));
        assertEquals(lostTold, BigInt(refused));
      }
    }),
    { seed: 3, numRuns: 80 },
  );
});

perfTest(
  "scan survives any content: tells what the oracle tells, ends at the head, writes only its spare memory",
  (scannerOf) => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 12 });
    const contents = fc.array(records, { maxLength: 60 });
    fc.assert(
      fc.property(
        ringSizes,
        positions,
        contents,
        flips,
        fc.boolean(),
        (ringBytes, position, all, wrong, near) => {
          const rings = fakeRings(ringBytes, 0n, position, 0n);
          const ring = rings[1]!;
          const scanner = scannerOf(...rings);
          fill(ring, all);
          const used = BigInt.asUintN(64, ring.head - ring.tail);
          for (const [where, xor] of wrong) {
            // Near: in the records and mostly in their headers. Else anywhere in the ring.
            const at = used > 0n && near ? BigInt(where & ~7 | where % 7 + 1) % used : BigInt(where);
            const index = BigInt.asUintN(64, position + at);
            ring.write(index, [ring.at(index) ^ xor]);
          }
          const expected = oracle(ring);
          const before = ring.bytes.slice();
          const told = pass(scanner, ring, 1);
          assertEquals(ring.tail, ring.head);
          // Losses are left out: a flipped count may be 0, or beyond what a number holds.
          const withoutLosses = (each: Told): boolean => !("lost" in each);
          assertEquals(heard(told).filter(withoutLosses), heard(expected).filter(withoutLosses));
          assertOnlySpareChanged(ring, before);
        },
      ),
      { seed: 4, numRuns: 200 },
    );
  },
);

perfTest("scan survives any head: ends at it, writes only its spare memory", (scannerOf) => {
  const heads = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.integer({ min: -20000, max: 20000 }).map((away) => BigInt(away)),
  );
  const bytes = fc.uint8Array({ minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(positions, heads, bytes, (position, away, pattern) => {
      const rings = fakeRings(4096, 0n, position, 0n);
      const ring = rings[1]!;
      const scanner = scannerOf(...rings);
      ring.write(0n, Array.from({ length: 4096 }, (_, i) => pattern[i & 63]!));
      ring.head = BigInt.asUintN(64, position + away);
      const before = ring.bytes.slice();
      pass(scanner, ring, 1);
      assertEquals(BigInt.asUintN(32, ring.tail), BigInt.asUintN(32, ring.head));
      assertOnlySpareChanged(ring, before);
      // And the next records are read, as long as the producer keeps to multiples of 8 from here on.
      ring.head = BigInt.asUintN(64, ring.tail + (-ring.tail & 7n));
      pass(scanner, ring, 1);
      ring.append(sample(payload(20, 1)));
      assertEquals(pass(scanner, ring, 1), [{ sample: [...payload(20, 1)] }]);
    }),
    { seed: 5, numRuns: 200 },
  );
});

/** Compares all memory but the ring's spare memory and its tail with what it was. */
function assertOnlySpareChanged(ring: FakeRing, before: Uint8Array): void {
  const { meta, data, bytes } = ring.region;
  const spare = data + bytes;
  before.set(ring.bytes.subarray(spare, spare + SPARE_BYTES), spare);
  before.set(ring.bytes.subarray(meta + 1032, meta + 1040), meta + 1032);
  // Compared as one: assertEquals on every byte would take most of the time.
  assert(before.every((byte, i) => byte === ring.bytes[i]), "memory outside the spare memory changed");
}
