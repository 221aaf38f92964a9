/** Tests of when records are given back to the producer. */

import { assertEquals, assertThrows } from "@std/assert";
import type { CommitPolicy } from "../../../mod.ts";
import { MemoryPipe, noting, tailOf } from "./_pipe.ts";

/** The bytes given back, as each event's handler finds them: records have 32 bytes. */
function tailsOf(commit: CommitPolicy | undefined, events: number): number[] {
  using memory = new MemoryPipe(commit === undefined ? {} : { commit });
  const tails: number[] = [];
  memory.pipe.register({ name: "tails", process: () => void tails.push(Number(tailOf(memory, 0)) / 32) });
  for (let i = 0; i < events; i++) memory.emit(0, i);
  memory.pipe.consume();
  assertEquals(tailOf(memory, 0), BigInt(events) * 32n);
  return tails;
}

Deno.test("commit record gives each record back behind its handler", () => {
  assertEquals(tailsOf("record", 300), Array.from({ length: 300 }, (_, i) => i));
});

Deno.test("commit batch, the default, gives 256 records back at once", () => {
  const expected = Array.from({ length: 600 }, (_, i) => Math.floor(i / 256) * 256);
  assertEquals(tailsOf("batch", 600), expected);
  assertEquals(tailsOf(undefined, 600), expected);
});

Deno.test("commit drain gives all records back at the end of the ring's pass", () => {
  assertEquals(tailsOf("drain", 600), Array.from({ length: 600 }, () => 0));
});

for (const commit of ["record", "batch", "drain"] as const) {
  Deno.test(`commit ${commit}: a drain that ends early gives back up to its event, and loses nothing`, () => {
    using memory = new MemoryPipe({ commit });
    const seen: number[] = [];
    memory.pipe.register(noting(seen, (value) => {
      if (value === 300) throw new Error("mine");
      return value === 290 ? 1 : 0;
    }));
    for (let value = 0; value < 400; value++) memory.emit(0, value);
    assertEquals(memory.pipe.poll(0), 1);
    assertEquals(tailOf(memory, 0), 291n * 32n);
    assertThrows(() => memory.pipe.poll(0), Error, "mine");
    assertEquals(tailOf(memory, 0), 301n * 32n);
    assertEquals(memory.pipe.poll(0), 0);
    assertEquals(seen, Array.from({ length: 400 }, (_, value) => value));
    assertEquals(tailOf(memory, 0), 400n * 32n);
  });
}

Deno.test("commit record leaves the producer room that commit drain does not", () => {
  const accepted = (commit: CommitPolicy): number => {
    using memory = new MemoryPipe({ commit, ringBytes: 4096 });
    let written = memory.overflow(1);
    memory.pipe.register({
      name: "feeding",
      process(): void {
        // The record that is being handled is still held; the one before is free with `record`.
        if (memory.emit(0) === 0) written++;
      },
    });
    memory.pipe.consume();
    return written;
  };
  // 127 records fit. With `record` each handler but the first can write one; the LOST record in front takes the first room.
  assertEquals(accepted("drain"), 127);
  assertEquals(accepted("record") > 200, true, `${accepted("record")}`);
});
