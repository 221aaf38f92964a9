/** Tests of consume on one ring, of records that are skipped, and of what the tap sees. */

import { assertEquals, assertThrows } from "@std/assert";
import type { RingTap, ScannedRange } from "../../../mod.ts";
import { MemoryPipe, noting } from "./_pipe.ts";

Deno.test("consume of one ring reads that ring only", () => {
  using memory = new MemoryPipe({ cpus: [4, 9] });
  const seen: number[] = [];
  memory.pipe.register(noting(seen, (value) => value === 3 ? 8 : 0));
  memory.emit(0, 1, 0);
  for (const value of [2, 3, 4]) memory.emit(0, value, 1);
  assertEquals(memory.pipe.consume(1), 8);
  assertEquals(seen, [2, 3]);
  assertEquals(memory.pipe.consume(1), 0);
  assertEquals(memory.pipe.consume(1), 0);
  assertEquals(seen, [2, 3, 4]);
  assertEquals(memory.pipe.consume(0), 0);
  assertEquals(seen, [2, 3, 4, 1]);
});

Deno.test("consume of one ring leaves the wake-ups of the others to poll", () => {
  using memory = new MemoryPipe({ cpus: [0, 1] });
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  memory.emit(0, 1, 0);
  memory.pipe.consume(1);
  assertEquals(memory.pipe.poll(-1), 0);
  assertEquals(seen, [1]);
});

Deno.test("consume refuses rings that are not there", () => {
  using memory = new MemoryPipe({ cpus: [4, 9] });
  for (const ring of [-1, 2, 4, 0.5, NaN, Infinity]) {
    assertThrows(() => memory.pipe.consume(ring), RangeError, `there is no ring ${ring}, this pipe has 2`);
  }
});

/** Writes another type over a record of 32 bytes in the first ring. */
function makeForeign(memory: MemoryPipe, record: number): void {
  const { data } = memory.source.share().regions[0]!;
  new DataView(memory.source.buffer).setUint32(data + record * 32, 4, true); // PERF_RECORD_EXIT
}

for (const commit of ["record", "batch", "drain"] as const) {
  Deno.test(`commit ${commit}: records of other types are skipped, and each is counted once however often a drain ends`, () => {
    using memory = new MemoryPipe({ commit });
    const seen: number[] = [];
    memory.pipe.register(noting(seen, (value) => value % 3));
    for (let value = 0; value < 12; value++) memory.emit(0, value);
    for (const record of [0, 2, 3, 7, 11]) makeForeign(memory, record);
    while (memory.pipe.poll(0) !== 0);
    assertEquals(seen, [1, 4, 5, 6, 8, 9, 10]);
    const { cpus: [cpu] } = memory.pipe.statistics();
    assertEquals([cpu!.events, cpu!.skipped, cpu!.corrupt], [7, 5, 0]);
  });
}

/** A tap that keeps what it sees. */
class Seen implements RingTap {
  readonly ranges: ScannedRange[] = [];
  readonly bytes: number[] = [];

  onScanned(_ring: number, range: ScannedRange, bytes: Uint8Array): void {
    this.ranges.push(range);
    this.bytes.push(...bytes);
  }
}

Deno.test("the tap sees each byte once and in order, however often drains end, and in front of the handlers", () => {
  const tap = new Seen();
  using memory = new MemoryPipe({ tap, ringBytes: 4096 });
  const known: number[] = [];
  memory.pipe.register(noting([], (value) => {
    known.push(tap.bytes.length / 32);
    if (value % 5 === 4) throw new Error("mine");
    return value % 2;
  }));
  const written: number[] = [];
  for (let lap = 0; lap < 5; lap++) {
    for (let value = 0; value < 50; value++) {
      const { head } = headOf(memory);
      memory.emit(0, value);
      written.push(...recordAt(memory, head));
    }
    for (let done = 0; done < 50;) {
      try {
        if (memory.pipe.poll(0) === 0) break;
      } catch {
        done++;
      }
    }
  }
  assertEquals(tap.bytes, written);
  assertEquals(known.every((records, event) => records > event), true, "a handler ran in front of the tap");
  let position = 0;
  for (const range of tap.ranges) {
    assertEquals([range.position, range.bytes], [position, range.distance]);
    position += range.distance;
  }
  assertEquals(position, 5 * 50 * 32);
});

Deno.test("what the tap throws leaves poll, and nothing is lost or shown twice", () => {
  const told: number[] = [];
  let failing = true;
  const tap: RingTap = {
    onScanned(_ring, { position, distance }): void {
      if (failing) throw new Error("disk full");
      told.push(position, distance);
    },
  };
  using memory = new MemoryPipe({ tap });
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  for (const value of [1, 2, 3]) memory.emit(0, value);
  assertThrows(() => memory.pipe.poll(0), Error, "disk full");
  assertEquals(seen, []);
  failing = false;
  assertEquals(memory.pipe.poll(0), 0);
  assertEquals([seen, told], [[1, 2, 3], [0, 96]]);
});

Deno.test("the tap hears where each ring is left", () => {
  const left: [number, number][] = [];
  const tap: RingTap = { onScanned: () => {}, onLeft: (...where) => void left.push(where) };
  using memory = new MemoryPipe({ cpus: [0, 1, 2], tap });
  memory.pipe.register(noting([], (value) => value));
  memory.emit(0, 1, 0);
  memory.emit(0, 2, 0);
  memory.emit(0, 0, 1);
  memory.pipe.poll(0);
  memory.pipe.close();
  assertEquals(left, [[0, 32], [1, 0]]);
});

function headOf({ source }: MemoryPipe): { head: number } {
  const { meta } = source.share().regions[0]!;
  return { head: new DataView(source.buffer).getUint32(meta + 1024, true) };
}

function recordAt({ source }: MemoryPipe, position: number): Uint8Array {
  const { data, bytes } = source.share().regions[0]!;
  const start = data + position % bytes;
  return new Uint8Array(source.buffer).slice(start, start + 32); // records of 32 bytes do not straddle here
}
