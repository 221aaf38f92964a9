/**
 * The public API on the memory source: emit 512 events, consume them. The baseline emits and throws away, so the
 * difference is scan plus dispatch. Needs no permission.
 */

import { EventPipe } from "../../src/pipe/event_pipe.ts";
import type { Event } from "../../src/pipe/event.ts";
import { RecordBatch } from "../../src/ring/record_batch.ts";
import { MemorySource } from "../../src/source/memory.ts";

const EVENTS = 512;
const PAYLOAD_BYTES = 32;
const GROUP = `emit ${EVENTS} events of ${PAYLOAD_BYTES} B and`;

/** What the handlers read; exported so that reading it cannot be optimized away. */
export let sum = 0;

Deno.bench({
  name: "scan them without delivery",
  group: GROUP,
  baseline: true,
  fn: emitAndScan(),
});

for (const handlers of [1, 4, 16]) {
  Deno.bench({
    name: `dispatch them to ${handlers} handler${handlers === 1 ? "" : "s"}`,
    group: GROUP,
    fn: emitAndConsume(handlers, false),
  });
}

Deno.bench({
  name: "dispatch them to 4 handlers, checkViews",
  group: GROUP,
  fn: emitAndConsume(4, true),
});

function emitAndScan(): () => void {
  const source = MemorySource.open({ ringBytes: 65536, wakeupEvents: EVENTS });
  source.start();
  const scanner = source.openScanner();
  const emit = emitter(source, 1);
  const batch = new RecordBatch();
  return () => {
    emit();
    scanner.begin(0);
    while (scanner.scan(0, batch)) scanner.commit(0);
  };
}

function emitAndConsume(handlers: number, checkViews: boolean): () => void {
  const source = MemorySource.open({ ringBytes: 65536, wakeupEvents: EVENTS });
  const pipe = EventPipe.open({ source, checkViews });
  for (let i = 0; i < handlers; i++) pipe.register({ name: `handler ${i}`, process: makeHandler() });
  const emit = emitter(source, handlers);
  return () => {
    emit();
    pipe.consume();
  };
}

/** A function of its own for each handler, as in a program: the call in the dispatch loop has many targets. */
function makeHandler(): (event: Event) => void {
  return new Function("add", "return (event) => add(event.u32(12) + event.u64(4));")(add);
}

function add(value: number): void {
  sum += value;
}

function emitter(source: MemorySource, categories: number): () => void {
  const writer = source.writer(0);
  return () => {
    for (let i = 0; i < EVENTS; i++) {
      writer.payload.setUint32(0, i % categories, true);
      if (writer.output(PAYLOAD_BYTES) !== 0) throw new Error("the ring is full");
    }
  };
}
