/**
 * Rings of the kernel in the linear memory of WebAssembly: that they are read there, where else nothing is, and what becomes
 * of the memory when they are closed, refused or forgotten.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Event, EventPipe, EventPipeError, PerfSource } from "../../../mod.ts";
import { errnoNumber } from "../../../src/abi/errno.ts";
import { LOAD_EVENT } from "../../../src/abi/event.ts";
import { RingbufSource } from "../../../src/source/ringbuf.ts";
import { bpfOutput, PerfEvent } from "../../../src/source/perf_event.ts";
import { WasmReservation } from "../../../src/source/wasm_reservation.ts";
import { runChild } from "../_child.ts";
import { kernelTest, testCpus } from "../_kernel.ts";
import { LoadedPipe } from "../_load.ts";
import { ringbufTest, RingProgram } from "./_ringbuf.ts";

const [cpu = 0] = testCpus;

const RING = 16384;
const PAGE = 4096;

/** A line of /proc/self/maps. */
interface Mapping {
  readonly start: bigint;
  readonly end: bigint;
  readonly mode: string;
  readonly file: string;
}

function mappings(): Mapping[] {
  const lines = Deno.readTextFileSync("/proc/self/maps").trimEnd().split("\n");
  return lines.map((line) => {
    const [range, mode, , , , ...file] = line.split(/ +/);
    const [start, end] = range!.split("-").map((address) => BigInt(`0x${address}`));
    return { start: start!, end: end!, mode: mode!, file: file.join(" ") };
  });
}

/** The mappings of a file whose name contains a text, with their places in a buffer. */
function placesIn(buffer: ArrayBufferLike, file: string): { at: number; bytes: number; mode: string }[] {
  const base = addressOf(buffer);
  return mappings().filter((each) => each.file.includes(file)).map(({ start, end, mode }) => ({
    at: Number(start - base),
    bytes: Number(end - start),
    mode,
  }));
}

function addressOf(buffer: ArrayBufferLike): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(new Uint8Array(buffer as ArrayBuffer)));
}

kernelTest(
  "with scanner wasm perf rings are mapped inside of the memory's addresses, and nowhere else",
  () => {
    using load = LoadedPipe.open({ ringBytes: RING, scanner: "wasm" });
    const { buffer } = load.source;
    assert(buffer instanceof SharedArrayBuffer);
    const places = placesIn(buffer, "perf_event");
    assertEquals(places.length, load.cpus.length);
    for (const { at, bytes, mode } of places) {
      assert(at >= 0 && at + bytes <= buffer.byteLength, `${bytes} bytes at ${at} are not in it`);
      assertEquals([bytes, mode], [PAGE + RING, "rw-s"]);
    }
    const seen: number[] = [];
    load.pipe.register({ name: "note", process: (event) => void seen.push(event.u64(LOAD_EVENT.sequence)) });
    for (let lap = 0; lap < 3; lap++) {
      load.emit({ count: 200 });
      load.pipe.consume();
    }
    assertEquals(seen, Array.from({ length: 600 }, (_, i) => i));
  },
);

ringbufTest(
  "with scanner wasm a BPF ring buffer is mapped inside of the memory's addresses, with both copies",
  () => {
    using program = new RingProgram({ bytes: RING });
    const source = RingbufSource.open({ maps: [program.object.map("events")], scanner: "wasm" });
    using pipe = EventPipe.open({ source });
    const places = placesIn(source.buffer, "bpf-map");
    assertEquals(places, [
      { at: 0, bytes: PAGE, mode: "rw-s" },
      { at: PAGE, bytes: PAGE + 2 * RING, mode: "r--s" },
    ]);
    let events = 0;
    pipe.register({ name: "count", process: () => void events++ });
    program.emit({ count: 300 });
    pipe.consume();
    assertEquals(events, 300);
  },
);

kernelTest("after close plain memory stands where the rings were: what was kept reads zeros", () => {
  const load = LoadedPipe.open({ ringBytes: RING, scanner: "wasm" });
  using _load = load;
  const kept: Event[] = [];
  load.pipe.register({ name: "keep", process: (event) => void kept.push(event, event.copy()) });
  load.emit({ count: 1 });
  const { buffer } = load.source;
  const [bytes, view] = [new Uint8Array(buffer), new DataView(buffer)];
  load.pipe.consume();
  assertEquals(view.getBigUint64(1024, true), 48n, "data_head");
  load.pipe.close();

  assertEquals(load.source.buffer.byteLength, 0);
  assertEquals(placesIn(buffer, "perf_event"), []);
  const rings = bytes.subarray(0, PAGE + RING);
  assert(rings.every((byte) => byte === 0), "the ring's bytes are gone");
  view.setUint32(1032, 5, true); // goes nowhere, and hurts nobody
  const [event, copy] = kept;
  assertEquals(assertThrows(() => event!.u32(0), EventPipeError).code, "STALE_EVENT");
  assertEquals(copy!.u64(LOAD_EVENT.sequence), 0, "a copy stays");
});

kernelTest("a mapping that the kernel refuses leaves no hole in the memory", () => {
  using cleanup = new DisposableStack();
  const event = cleanup.adopt(PerfEvent.open(cpu, bpfOutput({ events: 1 }))!, (each) => each.close());
  const reservation = cleanup.adopt(new WasmReservation(64 * PAGE, 1), (each) => each.close());
  const { buffer } = reservation;
  // Not a power of two of pages.
  assertEquals(reservation.map(event.fd, 8 * PAGE, 4 * PAGE), errnoNumber("EINVAL"));
  const base = addressOf(buffer) + BigInt(8 * PAGE);
  assert(mappings().some(({ start, end }) => start <= base && base + BigInt(4 * PAGE) <= end));
  assertEquals(new Uint8Array(buffer)[8 * PAGE], 0);
  assertEquals(reservation.map(event.fd, 8 * PAGE, 5 * PAGE), 0, "it goes on");
});

kernelTest(
  "with a filter handlers see events of its categories alone, and every other event is counted",
  () => {
    using load = LoadedPipe.open({ ringBytes: RING, scanner: "wasm", filter: [0, 2], wakeupEvents: 64 });
    const seen = [0, 0];
    load.pipe.register({ name: "first", process: () => void seen[0]!++ });
    load.pipe.register({ name: "filtered", process: () => assert(false, "category 1 is filtered") });
    load.pipe.register({ name: "ending", process: () => ++seen[1]! % 3 });
    for (let lap = 0; lap < 10; lap++) {
      for (const category of [0, 1, 2, 3, 1]) load.emit({ category, count: 20 });
      load.emit({ category: 1, count: lap === 5 ? 1000 : 0 }); // more than there is room for
      while (load.pipe.consume() !== 0);
    }
    const { dispatched, unknown, lost, left, cpus } = load.pipe.statistics();
    assertEquals(seen, [200, 200]);
    assertEquals([dispatched, unknown, left], [400, 0, 0]);
    assertEquals([load.source.filtered(1) + lost, load.source.filtered(3)], [1400, 200]);
    assertEquals(load.produced(), dispatched + unknown + lost + left + load.source.filtered());
    assertEquals(cpus.reduce((sum, { skipped }) => sum + skipped, 0), load.source.filtered());
  },
);

ringbufTest("with a filter a BPF ring buffer hands its categories on alone, and counts the others", () => {
  using program = new RingProgram({ bytes: RING });
  const source = RingbufSource.open({ maps: [program.object.map("events")], scanner: "wasm", filter: [1] });
  using pipe = EventPipe.open({ source });
  let events = 0;
  pipe.register({ name: "other", process: () => {} });
  pipe.register({ name: "count", process: () => void events++ });
  for (const category of [0, 1, 2, 1]) program.emit({ category, count: 30 });
  pipe.consume();
  assertEquals([events, source.filtered(0), source.filtered(2), source.filtered()], [60, 30, 30, 60]);
});

kernelTest("a filter needs scanner wasm and categories, and other sources have filtered nothing", () => {
  assertThrows(() => PerfSource.open({ filter: [0] }), TypeError, 'scanner must be "wasm"');
  assertThrows(() => RingbufSource.open({ filter: [0] }), TypeError, 'scanner must be "wasm"');
  assertThrows(() => PerfSource.open({ scanner: "wasm", filter: [1024] }), RangeError, "from 0 to 1023");
  for (
    const source of [
      PerfSource.open({ scanner: "wasm", filter: [0] }),
      RingbufSource.open({ scanner: "wasm", filter: [0] }),
    ]
  ) {
    assertThrows(() => EventPipe.open({ source, dispatchBy: "all" }), TypeError, "Cannot filter by category");
  }
  const source = PerfSource.open();
  assertEquals(source.filtered(), 0);
  source.close();
});

kernelTest("a scanner that does not exist, or does not fit overwritable rings, is refused", () => {
  for (const scanner of ["js", null, 1, true]) {
    assertThrows(
      () => PerfSource.open({ scanner: scanner as "ts" }),
      TypeError,
      'scanner must be "ts" or "wasm"',
    );
    assertThrows(() => RingbufSource.open({ scanner: scanner as "ts" }), TypeError, "scanner must be");
  }
  assertThrows(() => PerfSource.open({ scanner: "wasm", overwritable: true }), TypeError, "overwritable");
});

kernelTest("rings in WebAssembly that are forgotten, or whose Worker has ended, are unmapped", async () => {
  const { code, lines, stderr } = await runChild("source/_wasm_forgotten.ts", [], [
    "env",
    "DENO_V8_FLAGS=--expose-gc",
  ]);
  assertEquals(code, 0, stderr);
  assertEquals(lines.map((line) => JSON.parse(line)), [
    { name: "forgotten", mapped: 3, left: 0, kept: [0, 0, 0] },
    { name: "terminated", mapped: 1, left: 0 },
  ]);
}, { commands: ["env"] });
