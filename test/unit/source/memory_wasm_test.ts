/** Memory rings in the linear memory of WebAssembly: written from elsewhere, filtered, closed. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventPipe, type EventPipeOptions, MemorySource } from "../../../mod.ts";

/** Opens a pipe whose handlers note the categories they see. */
function noting(source: MemorySource, options: Partial<EventPipeOptions> = {}): [EventPipe, number[]] {
  const pipe = EventPipe.open({ ...options, source });
  const seen: number[] = [];
  for (let category = 0; category < 3; category++) {
    pipe.register({ name: `of ${category}`, process: (event) => void seen.push(event.category) });
  }
  return [pipe, seen];
}

function emit(source: MemorySource, ...categories: number[]): void {
  const writer = source.writer(0);
  for (const category of categories) {
    writer.payload.setUint32(0, category, true);
    writer.output(16);
  }
}

Deno.test("rings in WebAssembly are written by who was sent them, as those in other memory", () => {
  const source = MemorySource.open({ ringBytes: 4096, scanner: "wasm", cpus: [0, 4] });
  const [pipe, seen] = noting(source);
  const shared = structuredClone(source.share());
  assert(shared.buffer instanceof SharedArrayBuffer);
  const writers = [0, 1].map((ring) => MemorySource.writerOf(shared, ring));
  for (let lap = 0; lap < 50; lap++) {
    for (const [ring, writer] of writers.entries()) {
      writer.payload.setUint32(0, ring, true);
      for (let i = 0; i < 5; i++) assertEquals(writer.output(100), 0);
    }
    pipe.poll(0);
  }
  assertEquals(seen.length, 500);
  assertEquals(pipe.statistics().cpus.map(({ cpu, events }) => [cpu, events]), [[0, 250], [4, 250]]);
  pipe.close();
});

Deno.test("with a filter handlers of memory rings see events of its categories alone, and others are counted", () => {
  const source = MemorySource.open({ ringBytes: 4096, scanner: "wasm", filter: [0, 2] });
  const [pipe, seen] = noting(source);
  emit(source, 0, 1, 2, 1, 7, 2);
  pipe.poll(0);
  emit(source, 1, 1);
  pipe.close();
  const { dispatched, unknown, lost, left, cpus } = pipe.statistics();
  assertEquals([seen, dispatched, unknown, lost, left], [[0, 2, 2], 3, 0, 0, 0]);
  assertEquals([source.filtered(1), source.filtered(7), source.filtered(), cpus[0]!.skipped], [4, 1, 5, 5]);
});

Deno.test("a filter of memory rings needs scanner wasm, and events with categories", () => {
  assertThrows(() => MemorySource.open({ filter: [0] }), TypeError, 'scanner must be "wasm"');
  assertThrows(
    () => MemorySource.open({ scanner: "js" as "ts" }),
    TypeError,
    'scanner must be "ts" or "wasm"',
  );
  const source = MemorySource.open({ scanner: "wasm", filter: [0] });
  assertThrows(() => EventPipe.open({ source, dispatchBy: "all" }), TypeError, "Cannot filter by category");
  assertEquals(MemorySource.open().filtered(), 0);
});

Deno.test("rings in WebAssembly that were closed have no buffer, and what was kept of it stays as it was", () => {
  const source = MemorySource.open({ ringBytes: 4096, scanner: "wasm" });
  const [pipe, seen] = noting(source);
  emit(source, 1);
  const view = new DataView(source.buffer);
  pipe.poll(0);
  pipe.close();
  assertEquals([seen, source.buffer.byteLength], [[1], 0]);
  assertEquals(view.getBigUint64(1024, true), 32n, "data_head");
});
