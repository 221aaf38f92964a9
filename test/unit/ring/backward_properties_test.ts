/**
 * Properties of the scanner for overwritable rings on random rings, with fixed seeds: it tells what the writer's log tells
 * and what the oracle tells, everything once, and no content whatever makes it throw, loop or write where it must not.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SPARE_BYTES } from "../../../src/ring/geometry.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import { backwardBench, backwardOracle } from "./_backward_writer.ts";
import { type FakeRing, heard, pass, payload, record, sample, skipped, tell, type Told } from "./_records.ts";

const ringSizes = fc.constantFrom(4096, 8192, 16384);

/** Bytes a ring has carried: around where words wrap, and any other number; multiples of 8. */
const carried = fc.oneof(
  fc.constantFrom(2n ** 31n, 2n ** 32n, 2n ** 53n).chain((near) =>
    fc.integer({ min: -600, max: 600 }).map((words) => near + BigInt(words) * 8n)
  ),
  fc.bigInt({ min: 0n, max: 2n ** 50n }).map((words) => words * 8n),
  fc.constant(0n),
);

/** Short payloads mostly; now and then one that nearly fills the smallest ring. */
const lengths = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 120 }) }, {
  weight: 1,
  arbitrary: fc.integer({ min: 121, max: 4076 }),
});

/** An output: a record, behind so many that were refused. */
type Step = { readonly record: Uint8Array; readonly refused: number };

const outputs: fc.Arbitrary<Step> = fc.record({
  record: fc.oneof(
    { weight: 8, arbitrary: fc.tuple(lengths, fc.nat(255)).map(([n, seed]) => sample(payload(n, seed))) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(0, 3, 5, 13), fc.nat(9)).map(([type, words]) =>
        record(type, new Uint8Array(words * 8).fill(type))
      ),
    },
  ),
  refused: fc.oneof({ weight: 7, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2 ** 31) }),
});

/** Outputs of one pause, and then whether the ring is read. */
const scripts = fc.array(fc.tuple(fc.array(outputs, { maxLength: 150 }), fc.boolean()), { maxLength: 8 });

Deno.test("readings tell what the log tells, for any outputs at any position", () => {
  fc.assert(
    fc.property(ringSizes, carried, scripts, (ringBytes, before, script) => {
      const { rings: [ring], writers: [writer], scanner } = backwardBench(ringBytes, [before]);
      for (const [steps, reads] of [...script, [[], true] as const]) {
        for (const { record, refused } of steps) {
          if (refused > 0) writer!.refuse(refused);
          writer!.output(record);
        }
        if (!reads) continue;
        const { told: expected, overwrittenBytes } = writer!.expected();
        const overwrittenBefore = scanner.overwrittenBytes(0);
        const told = pass(scanner, ring!);
        assertEquals(heard(told), heard(expected));
        assertEquals(skipped(told), skipped(expected));
        assertEquals(scanner.overwrittenBytes(0) - overwrittenBefore, overwrittenBytes);
        writer!.clearLog();
      }
    }),
    { seed: 11, numRuns: 120 },
  );
});

Deno.test("readings that end anywhere tell everything once that is not overwritten, in order", () => {
  const rounds = fc.array(
    fc.tuple(
      fc.nat(60),
      fc.array(fc.oneof(fc.constant(null), fc.integer({ min: -1, max: 300 })), { maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 25 },
  );
  fc.assert(
    fc.property(carried, rounds, fc.nat(255), (before, script, seed) => {
      const { rings: [ring], writers: [writer], scanner } = backwardBench(4096, [before]);
      const overwrittenBefore = scanner.overwrittenBytes(0);
      const batch = new RecordBatch();
      const told: Told[] = [];
      const all: number[][] = [];
      let bytes = 0;
      const add = (count: number): void => {
        for (let i = 0; i < count; i++) {
          // The number makes each event another; the length is one without padding.
          const event = payload(4 + ((all.length * 37 + seed) % 12) * 8, all.length);
          new DataView(event.buffer).setUint32(0, all.length, true);
          all.push([...event]);
          writer!.output(sample(event));
        }
      };
      const listen = (some: readonly Told[]): void => {
        for (const each of some) {
          assert("sample" in each, "only events were output");
          bytes += each.sample.length + 12;
          told.push(each);
        }
      };
      for (const [count, stops] of script) {
        add(count);
        scanner.begin(0);
        for (const stop of stops) {
          scanner.scan(0, batch);
          const last = stop === null ? batch.count - 1 : Math.min(stop, batch.count - 1);
          listen(tell(ring!, batch).slice(0, last + 1));
          if (stop !== null) scanner.rewind(0, batch, last);
        }
      }
      listen(pass(scanner, ring!));
      const numbers = told.map((each) => {
        const { sample: event } = each as { sample: number[] };
        const number = new DataView(Uint8Array.from(event).buffer).getUint32(0, true);
        assertEquals(event, all[number]);
        return number;
      });
      numbers.forEach((number, i) => assert(i === 0 || number > numbers[i - 1]!, "told once, oldest first"));
      const written = Number(writer!.written - before);
      assertEquals(written, bytes + scanner.overwrittenBytes(0) - overwrittenBefore);
    }),
    { seed: 12, numRuns: 120 },
  );
});

Deno.test("any content is survived: told is what the oracle tells, and only spare memory is written", () => {
  const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 12 });
  const contents = fc.array(outputs, { maxLength: 100 });
  fc.assert(
    fc.property(ringSizes, carried, contents, flips, fc.boolean(), (ringBytes, before, all, wrong, near) => {
      const { rings, writers, scanner } = backwardBench(ringBytes, [0n, before, 0n]);
      const ring = rings[1]!;
      const writer = writers[1]!;
      for (const { record, refused } of all) {
        if (refused > 0) writer.refuse(refused);
        writer.output(record);
      }
      const unread = Number(writer.written - before);
      for (const [where, xor] of wrong) {
        // Near: in the records and mostly in their headers. Else anywhere in the ring.
        const at = unread > 0 && near ? (where & ~7 | where % 7 + 1) % Math.min(unread, ringBytes) : where;
        const position = ring.head + BigInt(at);
        ring.write(position, [ring.at(position) ^ xor]);
      }
      const expected = backwardOracle(ring, unread);
      const memory = ring.bytes.slice();
      const told = pass(scanner, ring, 1);
      // Losses are left out: a flipped count may be 0, or beyond what a number holds.
      const withoutLosses = (each: Told): boolean => !("lost" in each);
      assertEquals(heard(told).filter(withoutLosses), heard(expected).filter(withoutLosses));
      assertEquals(skipped(told), skipped(expected));
      assertEquals(pass(scanner, ring, 1), []);
      assertOnlySpareChanged(ring, memory);
    }),
    { seed: 13, numRuns: 250 },
  );
});

Deno.test("any head and any change under the reader are survived, and only spare memory is written", () => {
  const heads = fc.array(
    fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.integer({ min: -20000, max: 20000 }).map((away) => BigInt(away)),
    ),
    { minLength: 1, maxLength: 6 },
  );
  const bytes = fc.uint8Array({ minLength: 64, maxLength: 64 });
  /** Small sizes make walks long. */
  const sizes = fc.constantFrom(8, 16, 24, 48, 256, 4096, 65528, 12);
  fc.assert(
    fc.property(carried, heads, bytes, sizes, (before, aways, pattern, size) => {
      const { rings, scanner } = backwardBench(4096, [0n, before, 0n]);
      const ring = rings[1]!;
      const batch = new RecordBatch();
      pattern[6] = size & 0xff;
      pattern[7] = size >> 8;
      const content = Array.from({ length: 4096 }, (_, i) => pattern[i % Math.min(64, Math.max(size, 8))]!);
      for (const away of aways) {
        ring.write(0n, content);
        ring.head = BigInt.asUintN(64, ring.head + away);
        scanner.begin(1);
        scanner.scan(1, batch);
        ring.write(BigInt(Number(away & 0xfffn)), pattern.subarray(0, 16));
        const memory = ring.bytes.slice();
        pass(scanner, ring, 1);
        assertEquals(scanner.position(1), scanner.head(1), "all was told or given up");
        assertOnlySpareChanged(ring, memory);
      }
    }),
    { seed: 14, numRuns: 300 },
  );
});

/** Compares all memory but the ring's spare memory with what it was. */
function assertOnlySpareChanged(ring: FakeRing, before: Uint8Array): void {
  const spare = ring.region.data + ring.region.bytes;
  before.set(ring.bytes.subarray(spare, spare + SPARE_BYTES), spare);
  // Compared as one: assertEquals on every byte would take most of the time.
  assert(before.every((byte, i) => byte === ring.bytes[i]), "memory outside the spare memory changed");
}
