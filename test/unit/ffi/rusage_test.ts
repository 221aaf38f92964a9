/** What a thread has used, beside its other clock and procfs. */

import { assert, assertEquals } from "@std/assert";
import { threadCpuNs } from "../../../src/ffi/clock.ts";
import { threadUsage } from "../../../src/ffi/rusage.ts";
import { nativeTest } from "./_native.ts";

function switches(name: string): number {
  const status = Deno.readTextFileSync("/proc/thread-self/status");
  return Number(new RegExp(`^${name}:\\s*(\\d+)$`, "m").exec(status)![1]);
}

nativeTest("libc", "threadUsage is of the calling thread: its sum is that of the thread's own clock", () => {
  const before = threadCpuNs();
  const { userNs, systemNs } = threadUsage();
  const after = threadCpuNs();
  // Each of the two is cut off to whole microseconds.
  assert(userNs + systemNs >= before - 2000 && userNs + systemNs <= after, `${userNs} + ${systemNs}`);
});

nativeTest("libc", "threadUsage counts the switches that the kernel shows of this thread", () => {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const first = threadUsage();
  for (let i = 0; i < 5; i++) Atomics.wait(sleeper, 0, 0, 1);
  const shown = switches("voluntary_ctxt_switches");
  const then = threadUsage();
  assert(then.voluntarySwitches >= shown && then.voluntarySwitches >= first.voluntarySwitches + 5);
  assert(then.involuntarySwitches >= first.involuntarySwitches);
  assertEquals(first.voluntarySwitches <= shown, true);
});
