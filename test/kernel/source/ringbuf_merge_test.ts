/** Several BPF ring buffers merged by time: the order, and that nobody spins while events are held back. */

import { assertEquals, assertLess } from "@std/assert";
import { EventPipe, RingbufSource } from "../../../mod.ts";
import { LOAD_EVENT } from "../../../src/abi/event.ts";
import { ringbufTest, RingProgram } from "./_ringbuf.ts";

/** Two rings with their programs, merged into one pipe. */
class MergedRings implements Disposable {
  readonly pipe: EventPipe;
  readonly seen: [category: number, sequence: number][] = [];
  readonly programs: readonly RingProgram[];

  constructor(windowMs: number) {
    this.programs = [0, 1].map(() => new RingProgram({ bytes: 65536 }));
    const source = RingbufSource.open({ maps: this.programs.map(({ object }) => object.map("events")) });
    this.pipe = EventPipe.open({ source, merge: { windowMs } });
    for (const name of ["one", "two"]) {
      this.pipe.register({
        name,
        process: (event) => void this.seen.push([event.category, event.u64(LOAD_EVENT.sequence)]),
      });
    }
  }

  /** Emits an event into each ring, again and again. */
  alternate(times: number): [category: number, sequence: number][] {
    const order: [number, number][] = [];
    for (let sequence = 0; sequence < times; sequence++) {
      for (const category of [0, 1]) {
        this.programs[category]!.emit({ category });
        order.push([category, sequence]);
      }
    }
    return order;
  }

  [Symbol.dispose](): void {
    this.pipe.close();
    for (const program of this.programs) program[Symbol.dispose]();
  }
}

ringbufTest("events of two maps come in the order of time, and held ones do not keep the reader busy", () => {
  using rings = new MergedRings(50);
  const order = rings.alternate(100);
  let polls = 0;
  while (rings.seen.length < order.length) {
    rings.pipe.poll(-1);
    polls++;
  }
  assertEquals(rings.seen, order);
  assertLess(polls, 20, "the files stay readable as long as events are held back");
  assertEquals(rings.pipe.statistics().cpus.map(({ late }) => late), [0, 0]);
});

ringbufTest("run delivers held events of two maps too, and does not spin either", async () => {
  using rings = new MergedRings(50);
  const order = rings.alternate(100);
  const end = new AbortController();
  let drains = 0;
  await rings.pipe.run({
    signal: end.signal,
    onDrained(): void {
      drains++;
      if (rings.seen.length === order.length) end.abort();
    },
  });
  assertEquals(rings.seen, order);
  assertLess(drains, 20);
});
