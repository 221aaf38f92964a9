/** What handlers may do to their pipe and to others, and what becomes of those that are closed: on memory rings. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type BatchHandler,
  type EventBatch,
  EventPipe,
  EventPipeError,
  MemorySource,
  type Statistics,
} from "../../mod.ts";
import { RingRecorder } from "../../src/record/mod.ts";
import { MemoryPipe, noting } from "./pipe/_pipe.ts";

Deno.test("two pipes may poll each other from their handlers, and neither may be polled while it drains", () => {
  using first = new MemoryPipe();
  using second = new MemoryPipe();
  const seen: string[] = [];
  first.pipe.register({
    name: "first",
    process(event): void {
      seen.push(`first ${event.u64(12)}`);
      second.emit(0, event.u64(12));
      assertEquals(second.pipe.poll(-1), 0);
      seen.push(`first again ${event.u64(12)}`);
    },
  });
  second.pipe.register({
    name: "second",
    process(event): void {
      seen.push(`second ${event.u64(12)}`);
      assertThrows(() => first.pipe.poll(0), TypeError, "a handler of this pipe is being called");
      assertThrows(() => first.pipe.consume(0), TypeError, "a handler of this pipe is being called");
    },
  });
  for (const value of [1, 2]) first.emit(0, value);
  assertEquals(first.pipe.poll(0), 0);
  assertEquals(seen, ["first 1", "second 1", "first again 1", "first 2", "second 2", "first again 2"]);
});

Deno.test("a handler may close another pipe, at once if that is idle, behind its event if that is draining", () => {
  const first = new MemoryPipe();
  const second = new MemoryPipe();
  const idle = new MemoryPipe();
  first.pipe.register({ name: "first", process: () => second.pipe.poll(0) });
  second.pipe.register({
    name: "second",
    process(): void {
      idle.pipe.close();
      first.pipe.close();
      assertEquals([idle.source.buffer.byteLength, first.source.buffer.byteLength > 0], [0, true]);
    },
  });
  for (let i = 0; i < 3; i++) first.emit(0);
  second.emit(0);
  assertEquals(first.pipe.poll(0), 0);
  const { dispatched, left } = first.pipe.statistics();
  assertEquals([dispatched, left, first.source.buffer.byteLength], [1, 2, 0]);
  second.pipe.close();
});

Deno.test("events that were read with others are unknown once their handler is taken off", () => {
  using memory = new MemoryPipe();
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  memory.pipe.register({ name: "take off", process: () => void memory.pipe.unregister(0) });
  [0, 1, 0, 0].forEach((category, value) => memory.emit(category, value));
  memory.pipe.poll(0);
  const { dispatched, unknown } = memory.pipe.statistics();
  assertEquals([seen, dispatched, unknown], [[0], 2, 2]);
});

Deno.test("a handler of batches that is taken off gets what was collected for it, and nothing more", () => {
  using memory = new MemoryPipe();
  const sizes: number[] = [];
  memory.pipe.register({ name: "batch", processBatch: (events) => void sizes.push(events.length) });
  memory.pipe.register({ name: "take off", process: () => void memory.pipe.unregister(0) });
  [0, 0, 1, 0].forEach((category, value) => memory.emit(category, value));
  memory.pipe.poll(0);
  const { dispatched, unknown } = memory.pipe.statistics();
  assertEquals([sizes, dispatched, unknown], [[2], 3, 1]);
});

Deno.test("a handler of batches may register, take off and dispatch, but not poll, consume or run its pipe", async () => {
  using memory = new MemoryPipe();
  const { pipe } = memory;
  const seen: string[] = [];
  let running: Promise<number> | undefined;
  const batch: BatchHandler = {
    name: "batch",
    processBatch(events: EventBatch): number {
      for (const call of [() => pipe.poll(0), () => pipe.consume(), () => pipe.consume(0)]) {
        assertThrows(call, TypeError, "a handler of this pipe is being called");
      }
      running = pipe.run();
      running.catch(() => {});
      seen.push(`batch of ${events.length}`);
      assertThrows(() => pipe.dispatch(events.at(0)), TypeError, "it takes batches");
      assertEquals([pipe.register(batch), pipe.unregister(0)], [2, true]);
      return pipe.dispatch(copyFor(1, events)) as number;
    },
  };
  pipe.register(batch);
  pipe.register({ name: "single", process: () => (seen.push("single"), 6) });
  for (const category of [0, 2, 0]) memory.emit(category);
  assertEquals(pipe.poll(0), 6);
  await assertRejects(() => running!, TypeError, "Cannot run");
  assertEquals([seen, pipe.statistics().unknown], [["batch of 2", "single"], 1]);
});

/** The bytes of a batch's first event with another category. */
function copyFor(category: number, events: EventBatch): Uint8Array {
  const event = events.at(0);
  const bytes = event.bytes(0, event.size);
  new DataView(bytes.buffer).setUint32(0, category, true);
  return bytes;
}

Deno.test("a handler that dispatches its own event without end is stopped, and the next drain goes on behind it", () => {
  using memory = new MemoryPipe();
  const { pipe } = memory;
  let endless = true;
  pipe.register({ name: "endless", process: (event) => endless ? pipe.dispatch(event) : 5 });
  memory.emit(0);
  memory.emit(0);
  assertThrows(() => pipe.poll(0), RangeError, "call stack");
  endless = false;
  assertEquals(pipe.poll(0), 5);
  assertEquals([pipe.poll(0), pipe.statistics().dispatched], [0, 2]);
});

Deno.test("a tap that throws miscounts nothing, whether the rings are merged or not", () => {
  for (const merged of [{}, { merge: { windowMs: 0 } }]) {
    let failing = true;
    using memory = new MemoryPipe({
      ...merged,
      cpus: [0, 1],
      tap: {
        onScanned(): void {
          if (failing) throw new Error("disk full");
        },
      },
    });
    const seen: number[] = [];
    memory.pipe.register(noting(seen));
    for (const value of [1, 2, 3]) memory.emit(0, value);
    const { data } = memory.source.share().regions[0]!;
    new DataView(memory.source.buffer).setUint32(data + 32, 3, true); // the second becomes a PERF_RECORD_COMM
    assertThrows(() => memory.pipe.consume(), Error, "disk full");
    assertEquals(memory.pipe.statistics().cpus[0]!.skipped, 0);
    failing = false;
    memory.pipe.consume();
    const { dispatched, cpus: [ring] } = memory.pipe.statistics();
    assertEquals([seen, dispatched, ring!.skipped], [[1, 3], 2, 1]);
  }
});

Deno.test("a pipe whose source was closed by its opener refuses to read, and closes without a count of what was left", async () => {
  const memory = new MemoryPipe();
  memory.pipe.register(noting([]));
  memory.emit(0);
  memory.pipe.poll(0);
  memory.emit(0);
  memory.source.close();
  for (const call of [() => memory.pipe.poll(0), () => memory.pipe.consume(), () => memory.pipe.consume(0)]) {
    assertEquals(assertThrows(call, EventPipeError, "the source of the pipe is closed").code, "CLOSED");
  }
  await assertRejects(() => memory.pipe.run(), EventPipeError, "the source of the pipe is closed");
  memory.pipe.close();
  const { dispatched, left, exact } = memory.pipe.statistics();
  assertEquals([dispatched, left, exact], [1, 0, false]);
});

Deno.test("MemorySource refuses to be used after close, which may be called again", () => {
  const source = MemorySource.open();
  source.close();
  source.close();
  source.stop();
  const calls = [
    () => source.start(),
    () => source.pause(),
    () => source.resume(),
    () => source.share(),
    () => source.writer(0),
    () => source.openScanner(),
    () => EventPipe.open({ source }),
  ];
  for (const call of calls) {
    assertEquals(assertThrows(call, EventPipeError, "the memory source is closed").code, "CLOSED");
  }
  assertEquals([source.buffer.byteLength, source.lost(0), source.paused], [0, 0, false]);
});

Deno.test("a recorder that was finished or closed ignores its pipe, and refuses to be finished", () => {
  const folder = Deno.makeTempDirSync({ prefix: "eventpipe-lifecycle-" });
  try {
    const counts = (): Statistics => {
      const memory = new MemoryPipe();
      memory.pipe.close();
      return memory.pipe.statistics();
    };
    for (const isFinished of [true, false]) {
      const path = `${folder}/${isFinished}`;
      const source = MemorySource.open();
      const recorder = RingRecorder.create(path, { source, ringBytes: 65536 });
      using pipe = EventPipe.open({ source, tap: recorder });
      if (isFinished) recorder.finish(counts());
      else recorder.close();
      const { size } = Deno.statSync(path);
      source.writer(0).output(20);
      pipe.consume();
      recorder.close();
      recorder.flush();
      assertEquals(assertThrows(() => recorder.finish(counts()), EventPipeError).code, "CLOSED");
      assertEquals(Deno.statSync(path).size, size);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
