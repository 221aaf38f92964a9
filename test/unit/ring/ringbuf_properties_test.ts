/**
 * Properties of the BPF ring buffer scanner on random rings, with fixed seeds: it tells what the oracle tells, producers and
 * reader lose nothing between them, a reader that stands still is woken, and no content whatever makes the scanner throw,
 * loop or write where it must not.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import type { DispatchBy } from "../../../src/ring/scanner.ts";
import {
  data,
  type FakeRingbuf,
  fakeRingbufs,
  FORCE_WAKEUP,
  heard,
  NO_WAKEUP,
  oracle,
  pass,
  RingbufWriter,
  skipped,
  tell,
  type Told,
} from "./_ringbuf_writer.ts";
import { ringbufTest } from "./_scanners.ts";

const ringSizes = fc.constantFrom(4096, 8192, 16384);

/** Positions where words and rings wrap, and any other; multiples of 8. */
const positions = fc.oneof(
  fc.constantFrom(0n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n).chain((near) =>
    fc.integer({ min: -600, max: 600 }).map((words) => BigInt.asUintN(64, near + BigInt(words) * 8n))
  ),
  fc.bigInt({ min: 0n, max: 2n ** 60n }).map((words) => words * 8n),
);

/** Short records mostly; now and then one that makes the ring nearly full, or is too long for it. */
const lengths = fc.oneof({ weight: 9, arbitrary: fc.nat(120) }, {
  weight: 1,
  arbitrary: fc.integer({ min: 121, max: 4200 }),
});

const flags = fc.constantFrom(0, 0, 0, NO_WAKEUP, FORCE_WAKEUP);

/** What producers and the reader do; `at` chooses among the reserved records. */
type Step =
  | { readonly do: "reserve"; readonly length: number }
  | { readonly do: "submit" | "discard"; readonly at: number; readonly flags: number }
  | { readonly do: "begin" | "scan" | "commit" | "pass" }
  | { readonly do: "commitThrough" | "rewind"; readonly at: number };

const producerSteps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: lengths.map((length): Step => ({ do: "reserve", length })) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(), flags).map(([at, flags]): Step => ({ do: "submit", at, flags })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(), flags).map(([at, flags]): Step => ({ do: "discard", at, flags })),
  },
);

const readerSteps: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom("begin", "scan", "commit").map((step): Step => ({ do: step })),
  fc.tuple(fc.constantFrom("commitThrough" as const, "rewind" as const), fc.nat(300)).map(
    ([step, at]): Step => ({ do: step, at }),
  ),
);

/** The producers of a ring and what became of their records, in the order of the ring. */
class Producers {
  readonly writer: RingbufWriter;
  readonly records: { readonly position: bigint; readonly bytes: Uint8Array; isSubmitted: boolean }[] = [];
  readonly #open: number[] = [];
  refused = 0;

  constructor(ring: FakeRingbuf) {
    this.writer = new RingbufWriter(ring);
  }

  reserve(length: number): void {
    const position = this.writer.reserve(length);
    if (position === null) {
      this.refused++;
      return;
    }
    const bytes = data(length, this.records.length);
    this.writer.fill(position, bytes);
    this.#open.push(this.records.push({ position, bytes, isSubmitted: false }) - 1);
  }

  /** Commits one of the reserved records, the `at`th of them; whether that notifies the reader. */
  end(how: "submit" | "discard", at: number, flags: number): boolean {
    if (this.#open.length === 0) return false;
    const [index] = this.#open.splice(at % this.#open.length, 1);
    const record = this.records[index!]!;
    record.isSubmitted = how === "submit";
    return this.writer[how](record.position, flags);
  }

  endAll(): void {
    while (this.#open.length > 0) this.end("submit", 0, 0);
  }

  get submitted(): Told[] {
    return this.records.filter(({ isSubmitted }) => isSubmitted).map(({ bytes }) => ({ data: [...bytes] }));
  }

  get discarded(): number {
    return this.records.filter(({ isSubmitted }) => !isSubmitted).length;
  }
}

ringbufTest(
  "scan of a BPF ring buffer tells what the oracle tells, for any records at any position",
  (scannerBy) => {
    const scripts = fc.array(
      fc.oneof({ weight: 12, arbitrary: producerSteps }, {
        weight: 1,
        arbitrary: fc.constant<Step>({ do: "pass" }),
      }),
      { maxLength: 200 },
    );
    const dispatch = fc.constantFrom<DispatchBy>("category", "all");
    fc.assert(
      fc.property(ringSizes, positions, scripts, dispatch, (bytes, position, script, dispatchBy) => {
        const rings = fakeRingbufs({ bytes, position });
        const [ring] = rings as [FakeRingbuf];
        const scanner = scannerBy(dispatchBy, ...rings);
        const producers = new Producers(ring);
        const presented = (told: Told): Told =>
          "data" in told && dispatchBy === "category" ? { data: told.data.slice(4) } : told;
        for (const step of [...script, { do: "pass" } as const]) {
          if (step.do === "reserve") producers.reserve(step.length);
          else if (step.do === "submit" || step.do === "discard") producers.end(step.do, step.at, step.flags);
          else {
            const expected = oracle(ring);
            const told = pass(scanner, ring);
            assertEquals(heard(told), heard(expected).map(presented));
            assertEquals(skipped(told), skipped(expected));
            assertEquals(oracle(ring), [], "what is left begins with a busy record");
          }
        }
      }),
      { seed: 1, numRuns: 150 },
    );
  },
);

ringbufTest("scan, commit and rewind in any order with the producers tell everything once", (scannerBy) => {
  const scripts = fc.array(
    fc.oneof({ weight: 4, arbitrary: producerSteps }, { weight: 3, arbitrary: readerSteps }),
    { minLength: 50, maxLength: 400 },
  );
  fc.assert(
    fc.property(ringSizes, positions, scripts, (bytes, position, script) => {
      const rings = fakeRingbufs({ bytes, position });
      const [ring] = rings as [FakeRingbuf];
      const scanner = scannerBy("all", ...rings);
      const producers = new Producers(ring);
      const batch = new RecordBatch();
      const told: Told[] = [];
      let skips = 0;
      const listen = (last: number): void => {
        told.push(...heard(tell(ring, batch)).slice(0, last + 1));
        skips += batch.skipped - batch.skippedBehind(last);
      };
      for (const step of script) {
        switch (step.do) {
          case "reserve":
            producers.reserve(step.length);
            break;
          case "submit":
          case "discard":
            producers.end(step.do, step.at, step.flags);
            break;
          case "begin":
            scanner.begin(0);
            break;
          case "commit":
            scanner.commit(0);
            break;
          default: {
            scanner.scan(0, batch);
            const last = "at" in step ? Math.min(step.at, batch.count) - 1 : batch.count - 1;
            if (step.do === "commitThrough" && last >= 0) scanner.commitThrough(0, batch, last);
            if (step.do === "rewind") scanner.rewind(0, batch, last);
            listen(step.do === "rewind" ? last : batch.count);
          }
        }
      }
      producers.endAll();
      const rest = pass(scanner, ring);
      scanner.commit(0);
      assertEquals([...told, ...heard(rest)], producers.submitted);
      assertEquals(skips + skipped(rest), producers.discarded);
      assertEquals(ring.consumer, ring.producer);
    }),
    { seed: 2, numRuns: 100 },
  );
});

ringbufTest(
  "a reader that has read all and committed is woken by the next record, but for NO_WAKEUP",
  (scannerBy) => {
    const scripts = fc.array(producerSteps, { minLength: 20, maxLength: 200 });
    fc.assert(
      fc.property(ringSizes, positions, scripts, (bytes, position, script) => {
        const rings = fakeRingbufs({ bytes, position });
        const [ring] = rings as [FakeRingbuf];
        const scanner = scannerBy("all", ...rings);
        const producers = new Producers(ring);
        // The reader sleeps until it is notified, and then makes one pass; a record that it misses stays for ever.
        for (const step of script) {
          if (step.do === "reserve") producers.reserve(step.length);
          else if (step.do === "submit" || step.do === "discard") {
            if (producers.end(step.do, step.at, 0)) pass(scanner, ring);
            assertEquals(oracle(ring), [], "a record can be read and nobody was woken for it");
            const silent = producers.end(step.do, step.at, NO_WAKEUP);
            assertEquals(silent, false);
            pass(scanner, ring);
          }
        }
      }),
      { seed: 3, numRuns: 100 },
    );
  },
);

ringbufTest(
  "scan of a BPF ring buffer survives any content, ends at the producer, writes only its own position",
  (scannerBy) => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 12 });
    const contents = fc.array(producerSteps, { maxLength: 120 });
    const dispatch = fc.constantFrom<DispatchBy>("category", "all");
    fc.assert(
      fc.property(
        fc.tuple(ringSizes, positions, dispatch),
        contents,
        flips,
        fc.boolean(),
        ([bytes, position, dispatchBy], script, wrong, near) => {
          const rings = fakeRingbufs({ bytes: 4096 }, { bytes, position }, { bytes: 8192 });
          const ring = rings[1]!;
          const scanner = scannerBy(dispatchBy, ...rings);
          const producers = new Producers(ring);
          for (const step of script) {
            if (step.do === "reserve") producers.reserve(step.length);
            else if (step.do === "submit" || step.do === "discard") producers.end(step.do, step.at, 0);
          }
          producers.endAll();
          const used = BigInt.asUintN(64, ring.producer - ring.consumer);
          for (const [where, xor] of wrong) {
            // Near: in the length words, if the records are short. Else anywhere in the ring.
            const at = used > 0n && near ? BigInt(where & ~7 | where % 4) % used : BigInt(where);
            const index = BigInt.asUintN(64, position + at);
            ring.write(index, [ring.at(index) ^ xor]);
          }
          const expected = oracle(ring);
          const before = ring.bytes.slice();
          const told = pass(scanner, ring, 1);
          const lengthsOf = (told: readonly Told[], less: number): (number | Told)[] =>
            heard(told).map((each) => "data" in each ? Math.max(0, each.data.length - less) : each);
          assertEquals(lengthsOf(told, 0), lengthsOf(expected, dispatchBy === "category" ? 4 : 0));
          assertEquals(skipped(told), skipped(expected));
          if (ring.consumer !== ring.producer) {
            assert(ring.word(ring.consumer) >= 0x80000000, "a flipped bit made it busy");
          }
          assertOnlyConsumerChanged(ring, before);
        },
      ),
      { seed: 4, numRuns: 250 },
    );
  },
);

ringbufTest(
  "scan of a BPF ring buffer survives any positions, and the kernel can go on behind them",
  (scannerBy) => {
    const anyPosition = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.integer({ min: -20000, max: 20000 }).map((away) => BigInt.asUintN(64, BigInt(away))),
      fc.integer({ min: -20000, max: 20000 }).map((away) => BigInt.asUintN(64, 2n ** 32n + BigInt(away))),
    );
    const bytes = fc.uint8Array({ minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(anyPosition, anyPosition, anyPosition, bytes, (consumer, opened, later, pattern) => {
        const rings = fakeRingbufs({ bytes: 4096 }, { bytes: 4096, position: consumer }, { bytes: 4096 });
        const ring = rings[1]!;
        ring.write(
          0n,
          Array.from({ length: 4096 }, (_, i) => pattern[i & 63]! & (i % 4 === 3 ? 0x7f : 0xff)),
        );
        ring.producer = opened;
        const scanner = scannerBy("all", ...rings);
        for (const producer of [opened, later]) {
          ring.producer = producer;
          const before = ring.bytes.slice();
          pass(scanner, ring, 1);
          assertEquals(ring.consumer, producer);
          assertOnlyConsumerChanged(ring, before);
        }
        // Behind them producers keep to multiples of 8, and the records are read.
        ring.producer = BigInt.asUintN(64, ring.consumer + (-ring.consumer & 7n));
        pass(scanner, ring, 1);
        const writer = new RingbufWriter(ring);
        assert(writer.output(data(20, 1)) !== null, "the kernel's check of the consumer's position refuses");
        assertEquals(pass(scanner, ring, 1), [{ data: [...data(20, 1)] }]);
      }),
      { seed: 5, numRuns: 300 },
    );
  },
);

/** Compares all memory but the ring's consumer position with what it was. */
function assertOnlyConsumerChanged(ring: FakeRingbuf, before: Uint8Array): void {
  const { consumer } = ring.region;
  before.set(ring.bytes.subarray(consumer, consumer + 8), consumer);
  // Compared as one: assertEquals on every byte would take most of the time.
  assert(before.every((byte, i) => byte === ring.bytes[i]), "memory beside the consumer's position changed");
}
