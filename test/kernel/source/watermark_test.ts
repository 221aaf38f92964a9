/** Rings that wake by bytes. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { PerfSource } from "../../../mod.ts";
import { kernelTest, testCpus } from "../_kernel.ts";
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
