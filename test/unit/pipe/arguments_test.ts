/** Arguments at the edges: what is legal is taken, however odd, and what is refused leaves the pipe as it was. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventPipe, layout, MemorySource, StopToken } from "../../../mod.ts";
import { any, NO_OBJECT } from "../public_api/_rows.ts";
import { MemoryPipe, noting } from "./_pipe.ts";

Deno.test("options that are undefined are not given, and null-prototype objects are objects", () => {
  const options = [
    undefined,
    {},
    Object.create(null),
    { ringBytes: undefined, wakeupEvents: undefined, cpus: undefined },
  ];
  for (const each of options) assertEquals(MemorySource.open(any(each)).share().regions[0]!.bytes, 65536);
  const names = "waiter dispatchBy unknown commit merge stop checkViews onLost onWarning tap".split(" ");
  const none = Object.fromEntries(names.map((name) => [name, undefined]));
  using pipe = EventPipe.open({ ...any(none), source: MemorySource.open() });
  pipe.register(any({ name: "x", process: () => {}, processBatch: undefined, maxBytes: undefined }));
  assertEquals(pipe.consume(undefined), 0);
  assertEquals(layout({}, any(undefined)).size, layout({}, { hasHead: any(undefined) }).size);
});

Deno.test("sizes, CPUs and thresholds are taken up to their ends", () => {
  const cpus = [2 ** 31, 0, 2 ** 53 - 1];
  const source = MemorySource.open({ ringBytes: 4096, wakeupEvents: 0xffffffff, cpus });
  assertEquals([source.cpus, source.lost(2)], [cpus, 0]);
  const writer = source.writer(2);
  source.start();
  assertEquals([writer.output(1), writer.outputBytes(new Uint8Array(4076))], [0, -28]);
  using pipe = EventPipe.open({ source, onWarning: () => {} });
  const handler = { name: "x", process: (): void => {} };
  for (const maxBytes of [4, 2 ** 53]) assert(pipe.register({ ...handler, maxBytes }) >= 0);
  for (const size of [0, 12]) assert(pipe.register({ ...handler, layout: { size } }) >= 0);
  assertEquals(pipe.consume(2), 0);
});

Deno.test("waits are taken from nothing to without end, and a window may be longer than any wait", async () => {
  for (const windowMs of [0, 0.1, 2 ** 31, 2 ** 53, Infinity]) {
    using memory = new MemoryPipe({ merge: { windowMs } });
    memory.pipe.register(noting([]));
    memory.emit(0, 1);
    for (const timeoutMs of [0, 0.1, 1e-9, -0]) assertEquals(memory.pipe.poll(timeoutMs), 0);
    for (const timeoutMs of [-1, Infinity, 2 ** 31, Number.MAX_VALUE]) {
      memory.pipe.interrupt();
      assertEquals(memory.pipe.poll(timeoutMs), 0);
    }
    memory.pipe.consume();
    assertEquals(memory.pipe.statistics().dispatched, 1);
  }
  for (const flushMs of [1e-9, 0.5, 2 ** 40]) {
    using memory = new MemoryPipe();
    memory.pipe.register(noting([], () => 3));
    memory.emit(0);
    assertEquals(await memory.pipe.run({ flushMs }), 3);
  }
});

Deno.test("numbers that are no category were not registered, which is no error", () => {
  using memory = new MemoryPipe();
  memory.pipe.register(noting([]));
  for (const category of [-1, 1, 0.5, NaN, Infinity, 2 ** 32]) {
    assertEquals(memory.pipe.unregister(category), false);
  }
  assertEquals(memory.pipe.unregister(0), true);
});

Deno.test("a token without a file ends the waits for memory rings", () => {
  const stop = StopToken.of({ flag: new SharedArrayBuffer(4), fd: null });
  using memory = new MemoryPipe({ stop });
  stop.stop();
  assertEquals(memory.pipe.poll(-1), 0);
});

Deno.test("what is refused takes no category, and the pipe goes on", () => {
  using memory = new MemoryPipe();
  const { pipe } = memory;
  for (const handler of [...NO_OBJECT, { name: "" }, { name: "x", process: () => {}, maxBytes: 3 }]) {
    assertThrows(() => pipe.register(any(handler)));
  }
  const seen: number[] = [];
  assertEquals(pipe.register(noting(seen)), 0);
  memory.emit(0, 7);
  for (const wrong of NO_OBJECT) {
    assertThrows(() => pipe.dispatch(any(wrong)), TypeError);
    assertThrows(() => pipe.poll(any(typeof wrong === "number" ? NaN : wrong)), RangeError);
  }
  assertEquals([pipe.poll(0), seen], [0, [7]]);
});
