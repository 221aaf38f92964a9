/** The filter of the scanners in WebAssembly: what it hands on, what it counts, and that it counts each event once. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CategoryFilter, checkFilter, checkFiltered, filteredBy } from "../../../src/ring/category_filter.ts";
import { layOutRings } from "../../../src/ring/geometry.ts";
import { layOutRingbufs } from "../../../src/ring/ringbuf_geometry.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import type { Scanner } from "../../../src/ring/scanner.ts";
import { openWasmMemory } from "../../../src/ring/wasm_memory.ts";
import { WasmScanner } from "../../../src/ring/wasm_scanner.ts";
import { FakeRing, lost, record, sample } from "./_records.ts";
import { FakeRingbuf, RingbufWriter } from "./_ringbuf_writer.ts";

const PAGE = 4096;

/** A ring with a filter, whose writer gives events numbers. */
interface Filtered {
  readonly scanner: Scanner;
  readonly filter: CategoryFilter;
  /** Writes an event; false if there is no room. */
  emit(category: number, extraBytes?: number): boolean;
  /** Writes something else: a loss, a discarded record. */
  disturb(): void;
}

function openPerf(categories: readonly number[], position = 0n): Filtered & { readonly ring: FakeRing } {
  const { regions, bufferBytes } = layOutRings(1, PAGE, PAGE);
  const memory = openWasmMemory(bufferBytes, 1);
  const ring = new FakeRing(memory.buffer, regions[0]!, position);
  const filter = new CategoryFilter(memory, categories);
  const scanner = WasmScanner.perf(memory, regions, "raw", filter);
  const write = (bytes: Uint8Array): boolean => {
    if (Number(BigInt.asUintN(64, ring.head - ring.tail)) + bytes.length >= PAGE) return false;
    ring.write(ring.head, bytes);
    ring.head = BigInt.asUintN(64, ring.head + BigInt(bytes.length));
    return true;
  };
  return {
    ring,
    scanner,
    filter,
    emit: (category, extraBytes = 0) => write(sample(eventOf(category, 4 + extraBytes))),
    disturb: () => void write(lost(1)),
  };
}

function openRingbuf(categories: readonly number[], position = 0n): Filtered {
  const { regions, bufferBytes } = layOutRingbufs([PAGE], PAGE);
  const memory = openWasmMemory(bufferBytes, 1);
  const ring = new FakeRingbuf(memory.buffer, regions[0]!, position);
  const filter = new CategoryFilter(memory, categories);
  const writer = new RingbufWriter(ring);
  return {
    scanner: WasmScanner.ringbuf(memory, regions, "category", filter),
    filter,
    emit(category, extraBytes = 0): boolean {
      const event = new Uint8Array(8 + extraBytes);
      event.set(eventOf(category, 4 + extraBytes), 4);
      return writer.output(event) !== null;
    },
    disturb(): void {
      const place = writer.reserve(20);
      if (place !== null) writer.discard(place);
    },
  };
}

function eventOf(category: number, bytes: number): Uint8Array {
  const event = new Uint8Array(bytes);
  new DataView(event.buffer).setUint32(0, category, true);
  return event;
}

/** Reads all, and returns the categories that were handed on and how many records were skipped. */
function readAll(scanner: Scanner): { categories: number[]; skipped: number } {
  const batch = new RecordBatch();
  const categories: number[] = [];
  let skipped = 0;
  if (scanner.begin(0)) {
    while (scanner.scan(0, batch)) {
      categories.push(...batch.categories.subarray(0, batch.count));
      skipped += batch.skipped;
      scanner.commit(0);
    }
  }
  return { categories, skipped };
}

for (const [kind, open] of [["perf", openPerf], ["ringbuf", openRingbuf]] as const) {
  Deno.test(`${kind}: events of the filter's categories are handed on, others counted and skipped`, () => {
    const { scanner, filter, emit } = open([0, 5, 1023]);
    for (const category of [0, 1, 5, 5, 1, 7, 1023, 1024, 0xffffffff, 1, 0]) emit(category, category & 15);
    assertEquals(readAll(scanner), { categories: [0, 5, 5, 1023, 0], skipped: 6 });
    assertEquals([0, 1, 5, 7, 1023].map((category) => filter.filtered(category)), [0, 3, 0, 1, 0]);
    assertEquals(filter.filtered(), 6, "with the two that are too high to be told apart");
  });

  Deno.test(`${kind}: a filter of no categories hands nothing on and counts all`, () => {
    const { scanner, filter, emit } = open([]);
    for (let i = 0; i < 60; i++) emit(i % 4);
    assertEquals(readAll(scanner), { categories: [], skipped: 60 });
    assertEquals([0, 1, 2, 3].map((category) => filter.filtered(category)), [15, 15, 15, 15]);
  });

  Deno.test(`${kind}: what is scanned again is counted once`, () => {
    const { scanner, filter, emit } = open([1]);
    for (const category of [2, 1, 2, 3, 1, 3, 3]) emit(category);
    const batch = new RecordBatch();
    const counts = (): number[] => [2, 3].map((category) => filter.filtered(category));
    scanner.begin(0);
    scanner.scan(0, batch);
    assertEquals([batch.count, ...counts()], [2, 2, 3]);
    scanner.rewind(0, batch, 0);
    assertEquals(counts(), [1, 0], "what is behind the first of category 1 is not counted yet");
    assertEquals(batch.skippedBehind(0), 4, "and a pipe takes it off its own count");
    scanner.rewind(0, batch, -1);
    assertEquals(counts(), [0, 0]);
    assertEquals(readAll(scanner), { categories: [1, 1], skipped: 5 });
    assertEquals(counts(), [2, 3]);
  });

  Deno.test(`${kind}: whatever is scanned, given back and scanned again, each event is handed on or counted, once`, () => {
    const positions = fc.integer({ min: 0, max: 600 }).map((words) =>
      2n ** 32n - 300n * 8n + BigInt(words) * 8n
    );
    const events = fc.array(fc.tuple(fc.nat(5), fc.nat(60)), { minLength: 1, maxLength: 200 });
    const stops = fc.array(fc.integer({ min: -1, max: 30 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(positions, events, stops, (position, all, script) => {
        const { scanner, filter, emit, disturb } = open([0, 3], position);
        const batch = new RecordBatch();
        const seen: number[] = [];
        let emitted = 0;
        for (let step = 0; emitted < all.length || step < script.length; step++) {
          while (emitted < all.length && emit(...all[emitted]!)) {
            if (++emitted % 11 === 0) disturb();
          }
          scanner.begin(0);
          scanner.scan(0, batch);
          const last = step < script.length ? Math.min(script[step]!, batch.count - 1) : batch.count - 1;
          seen.push(...batch.categories.subarray(0, last + 1));
          if (step < script.length) scanner.rewind(0, batch, last);
          scanner.commit(0);
        }
        seen.push(...readAll(scanner).categories);
        const categories = all.map(([category]) => category);
        assertEquals(seen, categories.filter((category) => category === 0 || category === 3));
        assertEquals(
          [0, 1, 2, 3, 4, 5].map((category) => filter.filtered(category)),
          [0, 1, 2, 3, 4, 5].map((each) =>
            each % 3 === 0 ? 0 : categories.filter((category) => category === each).length
          ),
        );
      }),
      { seed: 21, numRuns: 150 },
    );
  });
}

Deno.test("what stands in front of unusable content is counted once, also if that is scanned again", () => {
  const { ring, scanner, filter, emit } = openPerf([1], BigInt(PAGE - 24));
  const batch = new RecordBatch();
  emit(2, 60); // straddles the end of the ring
  emit(2);
  ring.append(record(9, eventOf(2, 24), 12));
  for (let i = 0; i < 3; i++) {
    scanner.begin(0);
    scanner.scan(0, batch);
    assertEquals([batch.count, batch.skipped, batch.corrupt, filter.filtered(2)], [0, 2, 1, 2]);
    scanner.rewind(0, batch, -1);
    assertEquals(filter.filtered(), 0);
  }
});

Deno.test("an event too short for a category is filtered, and counted with those that are too high", () => {
  const { ring, scanner, filter } = openPerf([0]);
  ring.append(sample(eventOf(0, 4), 3));
  assertEquals(readAll(scanner), { categories: [], skipped: 1 });
  assertEquals([filter.filtered(0), filter.filtered()], [0, 1]);
});

Deno.test("a new filter of a memory has counted nothing, whatever the one before it has", () => {
  const memory = openWasmMemory(PAGE, 1);
  const filter = new CategoryFilter(memory, [1]);
  new Uint8Array(memory.buffer).fill(0xff, filter.address);
  assertEquals(filter.filtered(3), 2 ** 64 - 1 + 1);
  assertEquals(new CategoryFilter(memory, [1]).filtered(), 0);
});

Deno.test("filters that cannot be are refused, each with what is wrong with it", () => {
  checkFilter(undefined, "ts");
  checkFiltered(undefined, "all");
  for (const wrong of [null, 1, "0", {}, true]) {
    assertThrows(() => checkFilter(wrong as unknown as number[], "wasm"), TypeError, "filter must be a list");
  }
  assertThrows(() => checkFilter([0], "ts"), TypeError, 'scanner must be "wasm", current value is "ts"');
  const filter = new CategoryFilter(openWasmMemory(PAGE, 1), [0]);
  for (const wrong of [-1, 1024, 0.5, NaN, "0", null]) {
    assertThrows(() => checkFilter([0, wrong as number], "wasm"), RangeError, "from 0 to 1023");
    for (const each of [filter, undefined]) {
      assertThrows(
        () => filteredBy(each, wrong as number),
        RangeError,
        "category must be an integer from 0 to 1023",
      );
    }
  }
  assertEquals([filteredBy(undefined, 3), filteredBy(undefined, undefined)], [0, 0]);
  assertThrows(() => checkFiltered(filter, "all"), TypeError, 'dispatchBy must be "category"');
});
