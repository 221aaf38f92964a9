/**
 * Events that are too long for a record: the kernel keeps a record's size in 16 bits and writes all of its bytes
 * nevertheless, over whatever is unread. Whatever that leaves in a ring, the reader goes on behind it and says so.
 */

import { assert, assertEquals } from "@std/assert";
import { BpfObject, EventPipe, PerfSource, type Statistics } from "../../mod.ts";
import { TestRun } from "../../src/object/test_run.ts";
import { kernelTest, onCpu, testCpus, testProgram } from "./_kernel.ts";

const needs = { programs: ["oversize"] };
const SHORT = 36;

/** A ring of the first CPU, and a program that outputs events of any length into it. */
class OversizeRing implements Disposable {
  readonly pipe: EventPipe;
  /** The sizes of the events that were delivered. */
  readonly sizes: number[] = [];
  readonly #object: BpfObject;
  readonly #run: TestRun;

  constructor(ringBytes: number) {
    const source = PerfSource.open({ ringBytes, cpus: [testCpus[0]!] });
    this.pipe = EventPipe.open({ source });
    this.pipe.register({ name: "sizes", process: (event) => void this.sizes.push(event.size) });
    this.#object = BpfObject.open(testProgram("oversize"));
    this.#object.map("events").reuseFd(source.mapFd);
    this.#object.load();
    const key = new Uint8Array(4);
    this.#object.map("payload").update(key, new Uint8Array(72_000).fill(0xcc));
    this.#run = new TestRun(this.#object.program("oversize").fd, 2);
  }

  /** Outputs events of category 0; what the helper returned for the last one. */
  output(size: number, count = 1): number {
    this.#run.context[0] = BigInt(size);
    let result = 0;
    onCpu(testCpus[0]!, () => {
      for (let i = 0; i < count; i++) result = this.#run.run() | 0;
    });
    return result;
  }

  /** Reads, and closes the pipe. */
  end(): Statistics {
    this.pipe.poll(0);
    this.pipe.close();
    return this.pipe.statistics();
  }

  [Symbol.dispose](): void {
    this.pipe.close();
    this.#object.close();
  }
}

/** What the kernel does with a length, from the category on: 12 bytes come in front, rounded up to 8. */
const CLASSES = [
  { size: 65_517, what: "vanishes" },
  { size: 65_524, what: "vanishes" },
  { size: 65_525, what: "is cut to a header" },
  { size: 65_536, what: "is cut" },
  { size: 70_000, what: "is cut" },
] as const;

for (const { size, what } of CLASSES) {
  for (const ringBytes of [16_384, 262_144]) {
    kernelTest(
      `an event of ${size} bytes, which ${what}, over unread ones in ${ringBytes} bytes is survived`,
      () => {
        using ring = new OversizeRing(ringBytes);
        ring.output(SHORT, 5);
        assertEquals(ring.output(size), 0, "the kernel says that all is well");
        ring.pipe.poll(0);
        const readable = ring.sizes.length;
        assert(readable <= 5);
        ring.output(SHORT, 3);
        ring.pipe.poll(0);
        assertEquals(ring.sizes.slice(readable), [SHORT, SHORT, SHORT], "later events are delivered");
        assert(ring.sizes.every((each) => each === SHORT), `${ring.sizes}`);
        const { corrupt, exact, lost, left } = ring.end();
        assertEquals([corrupt > 0, exact, lost, left], [true, false, 0, 0]);
      },
      needs,
    );
  }

  kernelTest(
    `an event of ${size} bytes, which ${what}, in an empty ring of 256 KiB is survived and noticed`,
    () => {
      using ring = new OversizeRing(262_144);
      ring.output(SHORT);
      ring.pipe.poll(0);
      assertEquals(ring.output(size), 0);
      for (let i = 0; i < 3; i++) ring.pipe.poll(0);
      ring.output(SHORT, 3);
      ring.pipe.poll(0);
      assertEquals(ring.sizes, [SHORT, SHORT, SHORT, SHORT]);
      const { corrupt, exact } = ring.end();
      assertEquals([corrupt, exact], [1, false]);
    },
    needs,
  );
}

kernelTest(
  "the longest event of all fits into a ring that is long enough, and is lost in others, exactly",
  () => {
    using long = new OversizeRing(262_144);
    assertEquals(long.output(65_516), 0);
    const { dispatched, exact } = long.end();
    assertEquals([long.sizes, dispatched, exact], [[65_516], 1, true]);
    using short = new OversizeRing(65_536);
    assertEquals(short.output(65_516), 0);
    assertEquals(short.output(65_516), -28);
    assertEquals([short.end().lost, short.sizes], [1, [65_516]]);
  },
  needs,
);

kernelTest(
  "the largest payload of a ring is its size less 20, and one byte more is lost however empty it is",
  () => {
    for (const ringBytes of [4096, 8192, 16_384]) {
      using ring = new OversizeRing(ringBytes);
      assertEquals(ring.output(ringBytes - 20), 0);
      ring.pipe.poll(0);
      assertEquals(ring.output(ringBytes - 19), -28);
      const { lost, dispatched, exact } = ring.end();
      assertEquals([lost, dispatched, exact, ring.sizes], [1, 1, true, [ringBytes - 20]]);
    }
  },
  needs,
);
