/**
 * The child of no_gc_test.ts: dispatches ten million events through the public API, writer and handlers in one isolate.
 * It does so between two explicit collections, which stand as markers among the lines of `--trace-gc`: text of its own
 * would not keep its place, since V8 buffers these lines. With the argument `allocating` its handlers make an object
 * per event, with `wasm` the scanner in WebAssembly reads.
 */

import { EventPipe, MemorySource } from "../../mod.ts";

const TOTAL = 10_000_000;
/** Events written before each poll: several batches of the scanner, and a wrap of the ring every few polls. */
const BURST = 2000;
const WARM_UP_BURSTS = 1500;
const EVENT_BYTES = 32;
const CATEGORIES = 4;

const allocating = Deno.args.includes("allocating");
const collect = (globalThis as unknown as { gc(): void }).gc;

const sums = new Float64Array(3);
const counts = new Int32Array(CATEGORIES);
/** Keeps the objects of the allocating handlers reachable, so that the compiler cannot leave them out. */
const kept: unknown[] = new Array(64);

const scanner = Deno.args.includes("wasm") ? "wasm" : "ts";
const source = MemorySource.open({ ringBytes: 256 * 1024, wakeupEvents: 512, cpus: [0], scanner });
using pipe = EventPipe.open({ source });
for (let category = 0; category < CATEGORIES; category++) {
  pipe.register({
    name: `sum ${category}`,
    process(event): void {
      sums[0]! += event.u32(20);
      sums[1]! += event.u64(12);
      sums[2]! += event.time;
      counts[category]!++;
      if (allocating) kept[counts[category]! & 63] = { value: event.u32(20) };
    },
  });
}
const writer = source.writer(0);
let sequence = 0;

function dispatchBurst(): void {
  const { payload } = writer;
  for (let i = 0; i < BURST; i++) {
    payload.setUint32(0, sequence % CATEGORIES, true);
    payload.setUint32(4, sequence, true);
    payload.setUint32(12, sequence, true);
    payload.setUint32(16, 1, true);
    payload.setUint32(20, 7, true);
    if (writer.output(EVENT_BYTES) !== 0) throw new Error("the ring is full");
    sequence++;
  }
  if (pipe.poll(0) !== 0) throw new Error("the drain ended early");
}

for (let burst = 0; burst < WARM_UP_BURSTS; burst++) dispatchBurst();
const warmUp = sequence;
collect();
while (sequence < warmUp + TOTAL) dispatchBurst();
collect();

const { dispatched, unknown, lost } = pipe.statistics();
const exact = dispatched === sequence && unknown + lost === 0 &&
  counts.every((count) => count === sequence / CATEGORIES) && sums[0] === 7 * sequence;
console.error(JSON.stringify({ measured: sequence - warmUp, exact }));
