/** Rings that wake by bytes. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BpfObject, EventPipe, PerfSource, type PerfSourceOptions } from "../../../mod.ts";
import { POLL, POLLFD } from "../../../src/abi/linux.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { TestRun } from "../../../src/object/test_run.ts";
import { kernelTest, onCpu, testCpus, testProgram } from "../_kernel.ts";
import { LoadedPipe } from "../_load.ts";

const [cpu = 0] = testCpus;

/** An event of 32 bytes: a record of 48 with its header, its raw size and padding. */
const RECORD_BYTES = 48;

kernelTest("a watermark wakes the reader when so many bytes have come, and not before", () => {
  using load = LoadedPipe.open({ ringBytes: 65536, watermarkBytes: 10 * RECORD_BYTES, cpus: [cpu] });
  let seen = 0;
  load.pipe.register({ name: "count", process: () => void seen++ });
  load.emit({ count: 9 });
  assertEquals([load.pipe.poll(0), load.pipe.statistics().wakeups, seen], [0, 0, 9]);
  load.emit({ count: 10 });
  assertEquals([load.pipe.poll(-1), load.pipe.statistics().wakeups, seen], [0, 1, 19]);
});

for (
  const [what, watermarkBytes] of [
    ["no byte", 0],
    ["a negative number of bytes", -1],
    ["half a byte", 0.5],
    ["no number", NaN],
    ["more than half of the ring", 2049],
  ] as const
) {
  kernelTest(`a watermark of ${what} is a RangeError that says so`, () => {
    const { message } = assertThrows(() => PerfSource.open({ ringBytes: 4096, watermarkBytes }), RangeError);
    assertStringIncludes(message, `between 1 and half of the ring, current value is ${watermarkBytes}`);
  });
}

kernelTest("watermarks from one byte to half of the ring are taken", () => {
  for (const watermarkBytes of [1, 2048]) PerfSource.open({ ringBytes: 4096, watermarkBytes }).close();
});

kernelTest("a watermark and a number of events together are a TypeError", () => {
  const options = { watermarkBytes: 1024, wakeupEvents: 1 };
  assertThrows(() => PerfSource.open(options), TypeError, "wakeupEvents or watermarkBytes, not both");
});

/** A program that outputs records of any size, and a ring that is read only when it wakes its reader. */
class Sleeper implements Disposable {
  readonly #pipe: EventPipe;
  readonly #run: TestRun;
  readonly #pollFd = new DataView(new ArrayBuffer(POLLFD.size));

  constructor(object: BpfObject, options: PerfSourceOptions) {
    const source = PerfSource.open({ ringBytes: 4096, map: object.map("events"), cpus: [cpu], ...options });
    const { readiness } = source;
    assert(readiness.kind === "fds");
    this.#pollFd.setInt32(POLLFD.offsets.fd, readiness.fds[0]!, true);
    this.#pollFd.setInt16(POLLFD.offsets.events, POLL.POLLIN, true);
    this.#run = new TestRun(object.program("raw_output").fd, 1);
    this.#pipe = EventPipe.open({ source, dispatchBy: "all" });
    this.#pipe.register({ name: "ignore", process: () => {} });
  }

  /** Outputs a record; whether it found room. */
  output(recordBytes: number): boolean {
    this.#run.context[0] = BigInt(recordBytes - 12);
    const result = this.#run.run() | 0;
    assert(result === 0 || result === -28, `the helper returned ${result}`);
    return result === 0;
  }

  /** Reads the ring if it has woken its reader. */
  readIfWoken(): boolean {
    if (libc().poll(this.#pollFd, 1n, 0) === 0) return false;
    this.#pipe.consume();
    return true;
  }

  [Symbol.dispose](): void {
    this.#pipe.close();
  }
}

function openProgram(): BpfObject {
  const object = BpfObject.open(testProgram("raw_output"));
  object.load();
  return object;
}

const needs = { programs: ["raw_output"] };

kernelTest("a watermark of half of the ring wakes before the ring is full, for records of every size", () => {
  using object = openProgram();
  onCpu(cpu, () => {
    for (let recordBytes = 16; recordBytes <= 4088; recordBytes += 8) {
      using sleeper = new Sleeper(object, { watermarkBytes: 2048 });
      for (let wakeups = 0; wakeups < 4;) {
        assert(
          sleeper.output(recordBytes),
          `a record of ${recordBytes} bytes was lost, and nobody was woken`,
        );
        if (sleeper.readIfWoken()) wakeups++;
      }
    }
  });
}, needs);

kernelTest(
  "a watermark of half of the ring wakes before the ring is full, for records of mixed sizes up to half of it",
  () => {
    using object = openProgram();
    onCpu(cpu, () => {
      using sleeper = new Sleeper(object, { watermarkBytes: 2048 });
      let wakeups = 0;
      let random = 1;
      for (let i = 0; i < 20_000; i++) {
        random = random * 48271 % 0x7fffffff;
        const recordBytes = i % 5 === 0 ? 2048 : 16 + random % 255 * 8;
        assert(
          sleeper.output(recordBytes),
          `a record of ${recordBytes} bytes was lost, and nobody was woken`,
        );
        if (sleeper.readIfWoken()) wakeups++;
      }
      assert(wakeups > 1000);
    });
  },
  needs,
);

kernelTest(
  "with a threshold of events, records of half of the ring can fill it before anybody is woken",
  () => {
    using object = openProgram();
    onCpu(cpu, () => {
      using sleeper = new Sleeper(object, { wakeupEvents: 3 });
      assertEquals([sleeper.output(2048), sleeper.output(2048), sleeper.readIfWoken()], [true, false, false]);
    });
  },
  needs,
);
