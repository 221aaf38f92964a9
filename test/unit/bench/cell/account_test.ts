/** What a measurement cost its thread, by two readings. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { accountBetween, readAccounts, type Reading } from "../../../../bench/cell/account.ts";
import { threadCpuNs } from "../../../../src/ffi/clock.ts";
import { nativeTest } from "../../ffi/_native.ts";

const BEFORE: Reading = {
  cpuNs: 1e9,
  usage: { userNs: 6e8, systemNs: 4e8, voluntarySwitches: 10, involuntarySwitches: 3 },
  ticks: { steal: 100, total: 10_000 },
  delayNs: 5e6,
};

const AFTER: Reading = {
  cpuNs: 1.4e9,
  usage: { userNs: 9e8, systemNs: 5e8, voluntarySwitches: 25, involuntarySwitches: 4 },
  ticks: { steal: 104, total: 10_200 },
  delayNs: 55e6,
};

Deno.test("an account is the difference of two readings, as shares of the time between them", () => {
  assertEquals(accountBetween(BEFORE, AFTER, 1e9), {
    cpuNs: 4e8,
    userNs: 3e8,
    systemNs: 1e8,
    switches: { voluntary: 15, involuntary: 1 },
    stealShare: 0.02,
    waitShare: 0.05,
  });
});

Deno.test("user and system time add up to the CPU time, also where no tick fell into it", () => {
  const still = { ...AFTER, usage: BEFORE.usage };
  for (const after of [AFTER, still]) {
    const { cpuNs, userNs, systemNs } = accountBetween(BEFORE, after, 1e9);
    assertAlmostEquals(userNs + systemNs, cpuNs);
  }
});

Deno.test("what the kernel does not tell is null, and stolen time that it takes back is none", () => {
  const mute: Reading = { ...BEFORE, ticks: null, delayNs: null };
  const { stealShare, waitShare } = accountBetween(mute, AFTER, 1e9);
  assertEquals([stealShare, waitShare], [null, null]);
  const back = { ...AFTER, ticks: { steal: 90, total: 10_200 } };
  assertEquals(accountBetween(BEFORE, back, 1e9).stealShare, 0);
  assertEquals(accountBetween(BEFORE, { ...AFTER, ticks: BEFORE.ticks }, 1e9).stealShare, null);
});

nativeTest(
  "libc",
  "a thread that computes has used that time, and one that sleeps has given its CPU away",
  () => {
    const WORK_NS = 30e6;
    const before = readAccounts();
    for (const end = threadCpuNs() + WORK_NS; threadCpuNs() < end;);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    const { cpuNs, userNs, systemNs, switches } = accountBetween(before, readAccounts(), 1e9);
    assert(cpuNs >= WORK_NS && cpuNs < 20 * WORK_NS, `${cpuNs}`);
    assertAlmostEquals(userNs + systemNs, cpuNs, 1);
    assert(switches.voluntary >= 1);
  },
);
