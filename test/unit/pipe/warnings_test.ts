/** Tests of the warning about events that no ring can ever take. */

import { assertEquals, assertThrows } from "@std/assert";
import { layout } from "../../../mod.ts";
import { MemoryPipe } from "./_pipe.ts";

const process = (): void => {};

Deno.test("a handler whose events never fit is warned about, by its maxBytes or its layout", () => {
  const warnings: string[] = [];
  using memory = new MemoryPipe({ ringBytes: 4096, onWarning: (message) => void warnings.push(message) });
  assertEquals(memory.source.maxPayloadBytes, 4076);
  const fits = layout({ text: "char[4060]" }); // with its padding 4076 bytes
  const tooLong = layout({ text: "char[4065]" });
  assertEquals([fits.size, tooLong.size], [4076, 4084]);
  memory.pipe.register({ name: "unsaid", process });
  memory.pipe.register({ name: "longest", process, maxBytes: 4076 });
  memory.pipe.register({ name: "laid out", process, layout: fits });
  memory.pipe.register({ name: "both", process, layout: tooLong, maxBytes: 100 });
  assertEquals(warnings, []);
  memory.pipe.register({ name: "too long", process, maxBytes: 4077 });
  memory.pipe.register({ name: "too wide", processBatch: process, layout: tooLong });
  assertEquals(warnings, [
    'Events of "too long" have up to 4077 bytes, but these rings can never take more than 4076: longer ones are lost however empty the ring is',
    'Events of "too wide" have up to 4084 bytes, but these rings can never take more than 4076: longer ones are lost however empty the ring is',
  ]);
});

Deno.test("the longest event that fits is delivered, one byte more is lost for ever", () => {
  for (const ringBytes of [4096, 8192, 65536]) {
    using memory = new MemoryPipe({ ringBytes });
    const sizes: number[] = [];
    memory.pipe.register({ name: "sizes", process: (event) => void sizes.push(event.size) });
    const { maxPayloadBytes } = memory.source;
    assertEquals(memory.writers[0]!.output(maxPayloadBytes), 0);
    memory.pipe.poll(0);
    if (ringBytes < 65536) assertEquals(memory.writers[0]!.output(maxPayloadBytes + 1), -28);
    memory.pipe.poll(0);
    assertEquals(sizes, [maxPayloadBytes]);
    assertEquals(memory.pipe.statistics().lost, ringBytes < 65536 ? 1 : 0);
  }
});

Deno.test("register refuses a maxBytes or a layout that is none", () => {
  using memory = new MemoryPipe();
  // deno-lint-ignore no-explicit-any -- the point is to pass what the types forbid
  const wrong = (value: unknown): any => value;
  for (const maxBytes of [0, 3, -1, 4.5, NaN, "8", null]) {
    const handler = wrong({ name: "x", process, maxBytes });
    assertThrows(
      () => memory.pipe.register(handler),
      RangeError,
      "maxBytes must be an integer of at least 4",
    );
  }
  for (const bad of [{}, null, 4, "u32"]) {
    const handler = wrong({ name: "x", process, layout: bad });
    assertThrows(
      () => memory.pipe.register(handler),
      TypeError,
      "layout must be what layout({ ... }) returned",
    );
  }
});
