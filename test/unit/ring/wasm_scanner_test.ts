/**
 * The scanners in WebAssembly beside those in TypeScript: over copies of one ring, whatever is in it and whatever is asked in
 * whatever order, both answer the same. And what is their own: the memory they need, and whose batches they fill.
 */

import { assert, assertEquals, assertNotStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { EventPipeError } from "../../../src/errors.ts";
import { layOutRings } from "../../../src/ring/geometry.ts";
import { PerfScanner } from "../../../src/ring/perf_scanner.ts";
import { layOutRingbufs } from "../../../src/ring/ringbuf_geometry.ts";
import { RingbufScanner } from "../../../src/ring/ringbuf_scanner.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import { checkScanner, type DispatchBy, type Scanner } from "../../../src/ring/scanner.ts";
import { CAPACITY, STATE_BYTES } from "../../../src/ring/wasm/state.ts";
import { openWasmMemory } from "../../../src/ring/wasm_memory.ts";
import { WasmScanner } from "../../../src/ring/wasm_scanner.ts";
import { FakeRing, fakeRings, lost, payload, record, sample } from "./_records.ts";
import { data, FakeRingbuf, RingbufWriter } from "./_ringbuf_writer.ts";

const PAGE = 4096;
const RING = 8192;

/** What is asked of a scanner, or done to its ring. */
type Step =
  | { readonly do: "begin" }
  | { readonly do: "scan" }
  | { readonly do: "commit" }
  | { readonly do: "commitThrough" | "rewind"; readonly at: number }
  | { readonly do: "write"; readonly records: number }
  | { readonly do: "move"; readonly by: bigint };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Step[]>([{ do: "begin" }, { do: "scan" }]) },
    { weight: 2, arbitrary: fc.constant<Step[]>([{ do: "scan" }]) },
    { weight: 2, arbitrary: fc.constant<Step[]>([{ do: "commit" }]) },
    {
      weight: 2,
      arbitrary: fc.tuple(
        fc.constantFrom("commitThrough" as const, "rewind" as const),
        fc.integer({ min: -1, max: 60 }),
      ).map(([step, at]): Step[] => [{ do: step, at }]),
    },
    {
      weight: 4,
      arbitrary: fc.integer({ min: 1, max: 200 }).map((records): Step[] => [{ do: "write", records }]),
    },
    {
      weight: 1,
      arbitrary: fc.oneof(
        fc.integer({ min: -100, max: 2 * RING }).map((by) => BigInt(by)),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      ).map((by): Step[] => [{ do: "move", by }]),
    },
  ),
  { maxLength: 40 },
).map((each) => each.flat());

const positions = fc.tuple(fc.constantFrom(0n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 64n), fc.nat(1200)).map(
  (
    [near, words],
  ) => BigInt.asUintN(64, near - 600n * 8n + BigInt(words) * 8n),
);

/** Bytes that are changed, by their places in the ring. */
const flips = fc.array(fc.tuple(fc.nat(RING - 1), fc.integer({ min: 1, max: 255 })), { maxLength: 4 });

/** All that a scanner says of its ring, and, if it has one, of its batch. */
function told(scanner: Scanner, batch?: RecordBatch): unknown {
  const range = scanner.scanned(0);
  const copy = new Uint8Array(range.bytes);
  scanner.copyScanned(0, copy);
  const state = [range, copy, scanner.position(0), scanner.head(0), scanner.isCrowded(0)];
  if (batch === undefined) return state;
  const { count, lost, skipped, corrupt, corruptBytes } = batch;
  const records = Array.from({ length: count }, (_, i) => [
    batch.offsetOf(i),
    batch.sizeOf(i),
    batch.categories[i]!,
    batch.endOf(i),
  ]);
  const skips = Array.from({ length: count + 1 }, (_, i) => batch.skippedBehind(i - 1));
  return [...state, { count, lost, skipped, corrupt, corruptBytes }, records, skips];
}

/** Asks both scanners the same, and compares what they say. */
function askBoth(
  script: readonly Step[],
  scanners: readonly [Scanner, Scanner],
  ring: { write(records: number): void; move(by: bigint): void },
): void {
  const batches = [new RecordBatch(), new RecordBatch()] as const;
  const both = (ask: (scanner: Scanner, batch: RecordBatch) => unknown): void => {
    assertEquals(ask(scanners[1], batches[1]), ask(scanners[0], batches[0]));
  };
  both((scanner) => told(scanner));
  let isScanned = false;
  for (const step of script) {
    if (step.do === "write") ring.write(step.records);
    else if (step.do === "move") ring.move(step.by);
    else if (step.do === "begin") both((scanner) => [scanner.begin(0), told(scanner)]);
    else if (step.do === "scan") {
      both((scanner, batch) => [scanner.scan(0, batch), told(scanner, batch)]);
      isScanned = true;
    } else if (step.do === "commit") {
      both((scanner) => [scanner.commit(0), told(scanner)]);
      isScanned = false;
    } else if (isScanned && step.at < batches[0].count && (step.do === "rewind" || step.at >= 0)) {
      both((scanner, batch) => [scanner[step.do](0, batch, step.at), told(scanner)]);
      // No reader gives bytes back and then fewer of them, or some that it scans again.
      isScanned = false;
    }
  }
}

/** Records that cannot be, and those that come close. */
const strange = fc.oneof(
  fc.tuple(fc.constantFrom(0, 2, 5, 9), fc.nat(6), fc.constantFrom(0, 4, 8, 12, 16, 24, 65528)).map((
    [type, words, size],
  ) => record(type, new Uint8Array(8 * words), size)),
  fc.tuple(fc.nat(40), fc.constantFrom(0, 1, 3, 4, 36, 0xffffffff)).map(([n, size]) =>
    sample(payload(n, 1), size)
  ),
  // What is behind the head where a record vanished, written as if it were one.
  fc.constant(record(9, Uint8Array.of(0xf4, 0xff, 0, 0, 0, 0, 0, 0), 0)),
);

const perfRecords = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.tuple(fc.integer({ min: 0, max: 90 }), fc.nat(255)).map(([n, s]) => sample(payload(n, s))),
  },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 2 ** 31 }).map((count) => lost(count)) },
  { weight: 3, arbitrary: fc.nat(9).map((words) => record(5, new Uint8Array(8 * words))) },
  { weight: 1, arbitrary: strange },
);

for (const samples of ["raw", "whole"] as const) {
  Deno.test(`of ${samples} samples both scanners say the same, whatever is in the ring and whatever is asked`, () => {
    const { regions, bufferBytes } = layOutRings(1, RING, PAGE);
    const contents = fc.array(perfRecords, { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(positions, contents, flips, steps, (position, all, wrong, script) => {
        const memory = openWasmMemory(bufferBytes, 1);
        const rings = [new ArrayBuffer(bufferBytes), memory.buffer].map((buffer) =>
          new FakeRing(buffer, regions[0]!, position, bufferBytes)
        ) as [FakeRing, FakeRing];
        let next = 0;
        askBoth(script, [
          new PerfScanner(rings[0].buffer, regions, samples),
          WasmScanner.perf(memory, regions, samples),
        ], {
          write(records): void {
            for (const ring of rings) {
              for (let i = 0; i < records; i++) {
                const bytes = all[(next + i) % all.length]!;
                if (Number(BigInt.asUintN(64, ring.head - ring.tail)) + bytes.length >= RING) break;
                ring.write(ring.head, bytes);
                ring.head = BigInt.asUintN(64, ring.head + BigInt(bytes.length));
              }
              for (const [at, xor] of wrong) ring.bytes[regions[0]!.data + at]! ^= xor;
            }
            next += records;
          },
          move(by): void {
            for (const ring of rings) ring.head = BigInt.asUintN(64, ring.head + by);
          },
        });
        const [ts, wasm] = rings;
        assert(ts.bytes.every((byte, i) => byte === wasm.bytes[i]), "tail and spare memory are the same too");
      }),
      { seed: 11, numRuns: 300 },
    );
  });
}

for (const dispatchBy of ["category", "all"] as const satisfies DispatchBy[]) {
  Deno.test(`of a BPF ring buffer both scanners say the same by ${dispatchBy}, whatever is in it and is asked`, () => {
    const { regions, bufferBytes } = layOutRingbufs([RING], PAGE);
    const lengths = fc.array(fc.nat(90), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(positions, lengths, flips, steps, (position, all, wrong, script) => {
        const memory = openWasmMemory(bufferBytes, 1);
        const rings = [new ArrayBuffer(bufferBytes), memory.buffer].map((buffer) =>
          new FakeRingbuf(buffer, regions[0]!, position, bufferBytes)
        ) as [FakeRingbuf, FakeRingbuf];
        const writers = rings.map((ring) => new RingbufWriter(ring));
        let next = 0;
        let isMoved = false;
        askBoth(script, [
          new RingbufScanner(rings[0].buffer, regions, dispatchBy),
          WasmScanner.ringbuf(memory, regions, dispatchBy),
        ], {
          write(records): void {
            if (isMoved) return; // what is in the ring then would lead the writer astray
            writers.forEach((writer) => {
              for (let i = next; i < next + records; i++) {
                const bytes = data(all[i % all.length]!, i);
                const place = writer.reserve(bytes.length);
                if (place === null) break;
                writer.fill(place, bytes);
                if (i % 7 === 0) writer.discard(place);
                else if (i % 97 !== 0) writer.submit(place); // else it stays busy
              }
            });
            next += records;
          },
          move(by): void {
            isMoved = true;
            for (const ring of rings) {
              ring.producer = BigInt.asUintN(64, ring.producer + by);
              for (const [at, xor] of wrong) ring.write(BigInt(at), [ring.at(BigInt(at)) ^ xor]);
            }
          },
        });
        const [ts, wasm] = rings;
        assert(
          ts.bytes.every((byte, i) => byte === wasm.bytes[i]),
          "the consumer's position is the same too",
        );
      }),
      { seed: 12, numRuns: 300 },
    );
  });
}

Deno.test("a batch of the module is as long as any other, and lies behind the rings", () => {
  assertEquals(CAPACITY, RecordBatch.CAPACITY);
  const [first, second] = fakeRings(PAGE, 0n, 0n) as [FakeRing, FakeRing];
  assert(first.buffer.byteLength - 2 * STATE_BYTES >= second.region.data + PAGE + 65536);
});

Deno.test("the memory is shared and cannot be detached, and one that cannot be had is an EventPipeError", () => {
  const memory = openWasmMemory(PAGE, 1);
  assert(memory.buffer instanceof SharedArrayBuffer);
  assertEquals(memory.buffer.byteLength, 65536);
  assertThrows(() => memory.grow(1), RangeError);
  const error = assertThrows(
    () => openWasmMemory(2 ** 32, 1),
    EventPipeError,
    'choose smaller rings, or scanner "ts"',
  );
  assertEquals(error.code, "NOT_SUPPORTED");
});

Deno.test("a batch shows the ring it was scanned from last, and other batches of other rings stay what they were", () => {
  const { regions, bufferBytes } = layOutRings(2, PAGE, PAGE);
  const memory = openWasmMemory(bufferBytes, 2);
  const rings = regions.map((region) => new FakeRing(memory.buffer, region, 0n));
  rings.forEach((ring, i) => ring.append(sample(payload(8 + i, 50 + i))));
  const scanner = WasmScanner.perf(memory, regions);
  const [one, other] = [new RecordBatch(), new RecordBatch()];
  for (const ring of [0, 1]) scanner.begin(ring);
  scanner.scan(0, one);
  scanner.scan(1, other);
  assertNotStrictEquals(one.offsets, other.offsets);
  assertEquals([one.offsets[0], other.offsets[0]], regions.map(({ data }) => data + 12));
  rings[1]!.append(record(5, new Uint8Array(8)));
  rings[1]!.append(sample(payload(4, 9)));
  scanner.begin(1);
  scanner.scan(1, one);
  assertEquals([one.count, one.offsets[0], one.skipped], [1, regions[1]!.data + 24 + 16 + 12, 1]);
  assertEquals([one.skippedBehind(-1), one.skippedBehind(0)], [1, 0]);
});

Deno.test("opening a scanner again begins at the stored tail, and the batch of before is empty", () => {
  const { regions, bufferBytes } = layOutRings(1, PAGE, PAGE);
  const memory = openWasmMemory(bufferBytes, 1);
  const ring = new FakeRing(memory.buffer, regions[0]!, 40n);
  for (let i = 0; i < 3; i++) ring.append(sample(payload(4, i)));
  const batch = new RecordBatch();
  const first = WasmScanner.perf(memory, regions);
  first.begin(0);
  first.scan(0, batch);
  first.commitThrough(0, batch, 0);
  const second = WasmScanner.perf(memory, regions);
  assertEquals([second.position(0), second.head(0), second.scanned(0).distance], [56, 56, 0]);
  assert(second.begin(0));
  second.scan(0, batch);
  assertEquals(batch.count, 2);
});

Deno.test("a scanner that there is none of is a TypeError that says which there are", () => {
  for (const kind of ["js", "", 0, null, {}]) {
    assertThrows(
      () => checkScanner(kind as "ts"),
      TypeError,
      'scanner must be "ts" or "wasm", current value is',
    );
  }
});
