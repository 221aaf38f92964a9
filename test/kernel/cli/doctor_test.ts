/** The doctor where the kernel permits everything it takes. */

import { assert, assertEquals } from "@std/assert";
import { diagnose } from "../../../src/cli/doctor.ts";
import { kernelTest } from "../_kernel.ts";

kernelTest("the doctor receives an event where kernel tests can run, and leaves nothing open", () => {
  const { kernelSource, reason, checks } = diagnose();
  assertEquals([kernelSource, reason], [true, null]);
  for (
    const name of ["libc", "libbpf functions", "PERF_FORMAT_LOST", "map PERF_EVENT_ARRAY", "program raw_tp"]
  ) {
    const found = checks.find((check) => check.name === name);
    assertEquals([name, found?.state, found?.advice], [name, "ok", ""]);
  }
});

kernelTest("the doctor leaves no link and no program of its own in the kernel", () => {
  diagnose();
  // Descriptors of programs and links are told apart by their target.
  const left = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`);
    } catch {
      return ""; // the descriptor that listed the folder
    }
  });
  assertEquals(left.filter((target) => /bpf[-_](prog|link|map)|perf_event/.test(target)), []);
});

kernelTest("the doctor has an advice for whatever is not ok", () => {
  for (const { name, state, found, advice } of diagnose().checks) {
    assert(found !== "", name);
    assertEquals(advice === "", state === "ok", name);
  }
});
