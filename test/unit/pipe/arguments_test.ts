/** Wrong arguments of every public function of the pipe. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventPipe, MemorySource } from "../../../mod.ts";
import { MemoryPipe, noting } from "./_pipe.ts";

Deno.test("every public function refuses wrong arguments and says what it wants", async () => {
  using memory = new MemoryPipe();
  const { pipe } = memory;
  // deno-lint-ignore no-explicit-any -- the point is to pass what the types forbid
  const wrong = (value: unknown): any => value;
  const open = (options: Record<string, unknown>) => (): unknown =>
    EventPipe.open(wrong({ source: MemorySource.open(), ...options }));
  const table: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
    [() => EventPipe.open(wrong(undefined)), TypeError, "Cannot open the pipe: source must be"],
    [() => EventPipe.open(wrong(null)), TypeError, "Cannot open the pipe: source must be"],
    [() => EventPipe.open(wrong({})), TypeError, "Cannot open the pipe: source must be"],
    [() => EventPipe.open(wrong({ source: 1 })), TypeError, "Cannot open the pipe: source must be"],
    [open({ waiter: "epoll" }), TypeError, 'Cannot open the waiter "epoll"'],
    [open({ waiter: "poll" }), TypeError, 'Cannot open the waiter "poll"'],
    [open({ waiter: "nonsense" }), TypeError, 'Cannot open the waiter "nonsense"'],
    [open({ dispatchBy: "cpu" }), TypeError, 'dispatchBy must be "category" or "all"'],
    [open({ dispatchBy: null }), TypeError, 'dispatchBy must be "category" or "all"'],
    [open({ unknown: "ignore" }), TypeError, 'unknown must be "count", "throw" or a handler'],
    [open({ unknown: null }), TypeError, 'unknown must be "count", "throw" or a handler'],
    [open({ unknown: {} }), TypeError, 'unknown must be "count", "throw" or a handler'],
    [open({ checkViews: 1 }), TypeError, "checkViews must be true or false"],
    [open({ onLost: "log" }), TypeError, "onLost must be a function"],
    [() => pipe.register(wrong(undefined)), TypeError, "Cannot register a handler"],
    [() => pipe.register(wrong({ name: "x" })), TypeError, "Cannot register a handler"],
    [() => pipe.register(wrong({ process: () => {} })), TypeError, "its name"],
    [() => pipe.dispatch(wrong(undefined)), TypeError, "Cannot dispatch: give an event"],
    [() => pipe.dispatch(wrong(null)), TypeError, "Cannot dispatch: give an event"],
    [() => pipe.dispatch(wrong({})), TypeError, "Cannot dispatch: give an event"],
    [() => pipe.dispatch(wrong({ category: 0.5, size: 4 })), TypeError, "Cannot dispatch: give an event"],
    [() => pipe.dispatch(wrong(new ArrayBuffer(8))), TypeError, "Cannot dispatch: give an event"],
    [() => pipe.dispatch(new Uint8Array(3)), RangeError, "Cannot read 4 bytes at offset 0"],
    ...[-2, -0.5, NaN, -Infinity, undefined, "1", null].map((
      value,
    ): typeof table[number] => [
      () => pipe.poll(wrong(value)),
      RangeError,
      "timeoutMs must be at least 0, or -1",
    ]),
  ];
  pipe.register(noting([]));
  for (const [call, errorClass, message] of table) assertThrows(call, errorClass, message);
  for (const category of [-1, 1, 0.5, NaN, 2 ** 32]) assertEquals(pipe.unregister(category), false);
  for (const signal of [1, {}, null, "abort"]) {
    await assertRejects(() => pipe.run(wrong({ signal })), TypeError, "signal must be an AbortSignal");
  }
  await assertRejects(() => pipe.run(wrong(null)), TypeError);
  assertEquals(pipe.poll(0), 0, "and the pipe can still be used");
});
