/** Which CPUs the thread may use. Pinning is done in a process of its own: the test runner uses threads again. */

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { EventPipeError, SyscallError } from "../../../src/errors.ts";
import { allowedCpus, pinThread } from "../../../src/ffi/affinity.ts";
import { nativeTest, runProgram } from "./_native.ts";

/** The CPU numbers in a list such as `0-3,6`. */
function numbers(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

nativeTest("libc", "allowedCpus are those the kernel says the thread may use", () => {
  const status = Deno.readTextFileSync("/proc/thread-self/status");
  assertEquals(allowedCpus(), numbers(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)![1]!));
});

nativeTest("libc", "pinThread leaves the thread the one CPU it names, each in turn", async () => {
  const { before, then } = await runProgram("_pin.ts", ["--allow-ffi"]) as {
    before: number[];
    then: number[][];
  };
  assertGreater(before.length, 0);
  assertEquals(then, before.map((cpu) => [cpu]));
});

nativeTest("libc", "pinThread refuses what is no CPU number before it calls the kernel", () => {
  for (const cpu of [-1, 0.5, 1024, 2 ** 32, NaN, Infinity]) {
    assertThrows(
      () => pinThread(cpu),
      RangeError,
      `Cannot pin the thread: CPU ${cpu} is not between 0 and 1023`,
    );
  }
  assertThrows(() => pinThread("0" as unknown as number), RangeError);
});

nativeTest("libc", "pinThread says EINVAL for a CPU this machine does not have, and changes nothing", () => {
  const before = allowedCpus();
  const possible = numbers(Deno.readTextFileSync("/sys/devices/system/cpu/possible").trim());
  const absent = possible.at(-1)! + 1;
  const error = assertThrows(() => pinThread(absent), EventPipeError) as EventPipeError;
  assertEquals(
    error.message,
    `Cannot pin the thread to CPU ${absent}: sched_setaffinity returned EINVAL (22); choose an allowed online CPU`,
  );
  assert(error.cause instanceof SyscallError);
  assertEquals(error.code, "SYSCALL");
  assertEquals(allowedCpus(), before);
});
