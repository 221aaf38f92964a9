/** Tests of events that are shorter or longer than their handler expects, and of the padding behind them. */

import { assertEquals, assertThrows } from "@std/assert";
import { type Event, layout } from "../../../mod.ts";
import { MemoryPipe } from "./_pipe.ts";

/** The rest of `struct event`, a u32, a text, and 4 bytes that round the struct up: 36 bytes, a record of 48. */
const EXEC = layout({ pid: "u32", comm: "char[16]" });
const { pid, comm } = EXEC.get;

/** A pipe whose ring holds 0xff wherever nobody has written: what is read beyond an event is seen. */
function openPipe(): MemoryPipe {
  const memory = new MemoryPipe({ ringBytes: 4096 });
  const { data, bytes } = memory.source.share().regions[0]!;
  new Uint8Array(memory.source.buffer).fill(0xff, data, data + bytes);
  return memory;
}

/** Outputs the first bytes of an event of category 0 with pid 7 and comm "cat". */
function output({ writers: [writer] }: MemoryPipe, payloadBytes: number): void {
  const bytes = new Uint8Array(payloadBytes).fill(0x2e);
  const event = new Uint8Array(EXEC.size);
  new DataView(event.buffer).setUint32(EXEC.offsets.pid, 7, true);
  event.set(new TextEncoder().encode("cat"), EXEC.offsets.comm);
  bytes.set(event.subarray(0, payloadBytes));
  assertEquals(writer!.outputBytes(bytes), 0);
}

Deno.test("an event shorter than its layout keeps its size, and fields behind its end are a RangeError", () => {
  using memory = openPipe();
  const seen: [size: number, pid: number | string, comm: string][] = [];
  const read = <T>(accessor: (event: Event) => T, event: Event): T | string => {
    try {
      return accessor(event);
    } catch (error) {
      return (error as Error).name;
    }
  };
  memory.pipe.register({
    name: "exec",
    layout: EXEC,
    process: (event) => void seen.push([event.size, read(pid, event), read(comm, event)]),
  });
  // 4 (mod 8) bytes have no padding, so the ring says what was output.
  for (const payloadBytes of [4, 12, 20, 28, EXEC.size]) output(memory, payloadBytes);
  assertEquals(memory.pipe.poll(0), 0);
  assertEquals(seen, [
    [4, "RangeError", "RangeError"],
    [12, "RangeError", "RangeError"],
    [20, 7, "RangeError"],
    [28, 7, "RangeError"],
    [EXEC.size, 7, "cat"],
  ]);
});

Deno.test("an event longer than its layout keeps its size, and its fields are read as ever", () => {
  using memory = openPipe();
  const seen: [number, number, string, number][] = [];
  memory.pipe.register({
    name: "exec",
    layout: EXEC,
    process: (event) => void seen.push([event.size, pid(event), comm(event), event.u8(event.size - 1)]),
  });
  for (const payloadBytes of [EXEC.size + 8, 1004, 4076]) {
    output(memory, payloadBytes);
    memory.pipe.poll(0);
  }
  assertEquals(seen, [EXEC.size + 8, 1004, 4076].map((size) => [size, 7, "cat", 0x2e]));
});

Deno.test("a field behind the end of an event that nobody catches leaves poll, and the event is not read again", () => {
  using memory = openPipe();
  const seen: string[] = [];
  memory.pipe.register({ name: "exec", layout: EXEC, process: (event) => void seen.push(comm(event)) });
  output(memory, 12);
  output(memory, EXEC.size);
  assertThrows(() => memory.pipe.poll(0), RangeError, "the event has 12 bytes");
  assertEquals(memory.pipe.poll(0), 0);
  assertEquals(seen, ["cat"]);
  const { dispatched, categories } = memory.pipe.statistics();
  assertEquals([dispatched, categories[0]!.errors], [2, 1]);
});

Deno.test("the size of an event counts its padding, which holds what the ring held before", () => {
  using memory = openPipe();
  const seen: number[][] = [];
  memory.pipe.register({ name: "note", process: (event) => void seen.push([...event.bytes(0, event.size)]) });
  for (let payloadBytes = 5; payloadBytes <= 12; payloadBytes++) output(memory, payloadBytes);
  memory.pipe.poll(0);
  for (const [index, bytes] of seen.entries()) {
    const zeros = 5 + index;
    assertEquals(bytes, [...new Array(zeros).fill(0), ...new Array(12 - zeros).fill(0xff)]);
  }
  assertEquals([seen.length, memory.pipe.statistics().bytes], [8, 8 * 12]);
});

Deno.test("two events of 5 bytes take 48 bytes of a ring of one page, and behind them a wait finds nothing", () => {
  using memory = openPipe();
  const sizes: number[] = [];
  memory.pipe.register({ name: "sizes", process: (event) => void sizes.push(event.size) });
  for (let i = 0; i < 2; i++) output(memory, 5);
  const { meta, bytes } = memory.source.share().regions[0]!;
  assertEquals(new DataView(memory.source.buffer).getBigUint64(meta + 1024, true), 48n);
  assertEquals([memory.pipe.poll(-1), sizes, bytes], [0, [12, 12], 4096]);
  assertEquals([memory.pipe.poll(4), sizes.length], [0, 2]);
});
