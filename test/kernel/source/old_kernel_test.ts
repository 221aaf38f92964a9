/** Kernels before 6.0, which do not count losses: sources open all the same, and say what they cannot know. */

import { assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { PerfSource } from "../../../mod.ts";
import { Catalog } from "../../../src/trace/catalog.ts";
import { runChild } from "../_child.ts";
import { kernelTest, testCpus } from "../_kernel.ts";

const [cpu = 0] = testCpus;

kernelTest(
  "without PERF_FORMAT_LOST rings are read as ever, and losses are what their records tell",
  async () => {
    const catalog = Catalog.open();
    const ids = ["sys_enter_dup", "sys_enter_getppid"].map((name) => catalog.id(`syscalls:${name}`));
    const { code, lines, stderr } = await runChild("source/_old_kernel.ts", [cpu, ...ids].map(String));
    assertEquals(code, 0, stderr);
    const { perf, traced, invalid, forbidden, ...rest } = JSON.parse(lines[0]!);
    // 85 records of 48 bytes fit; the 15 refused behind them are told in front of the next event only.
    assertEquals(rest, {
      produced: 101,
      refused: { ENOSPC: 15 },
      dispatched: 86,
      lostAtFirst: 0,
      lost: 15,
      exact: false,
      leaked: 0,
    });
    for (const { countsLosses, lost } of [perf, traced]) {
      assertEquals([countsLosses, lost.code], [false, "NOT_SUPPORTED"]);
      assertStringIncludes(lost.message, "this kernel does not count them, it needs Linux 6.0 or later");
      assertStringIncludes(lost.message, "add up those of LOST records");
    }
    assertStringIncludes(
      invalid.message,
      "perf_event_open returned EINVAL (22); this kernel does not know what is asked",
    );
    assertEquals(forbidden.code, "NOT_PERMITTED");
    assertNotMatch(forbidden.message, /6\.0/);
  },
  { tracefs: true },
);

kernelTest("this kernel counts losses, which the source says", () => {
  const source = PerfSource.open({ cpus: [cpu] });
  assertEquals([source.countsLosses, source.lost(0)], [true, 0]);
  source.close();
});
