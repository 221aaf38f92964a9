/**
 * What is lost is counted, and told where it happened. The workload numbers its calls, so a gap is seen in the events
 * themselves.
 */

import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { kernelTest, testCpus } from "../_kernel.ts";
import { BACKENDS, type Line, traceLines, workload } from "./_trace.ts";

const CALLS = 60_000;
const cpu = testCpus[0] ?? 0;

/** The events and gaps of the workload's CPU. */
function ofCpu(lines: readonly Line[]): Line[] {
  return lines.filter((line) => (line.type === "event" || line.type === "lost") && line.cpu === cpu);
}

for (const backend of BACKENDS) {
  kernelTest(
    `${backend}: each event is written, lost, missed or left; gaps are told where they are`,
    async () => {
      const binary = await workload();
      const { lines, summary, stderr, code } = await traceLines(
        [
          ...["--backend", backend, "-m", "4096", "syscalls:sys_enter_dup"],
          ...["--", binary, "count", String(CALLS)],
        ],
        { env: { EVENTPIPE_TEST_CPU: String(cpu) } },
      );
      assertEquals(code, 0);
      const { events, lost, missed, left, exact } = summary;
      assertGreater(lost, 0, "the ring was never full");
      assertEquals(events + lost + missed + left, CALLS);
      assertEquals(exact, true);
      assertStringIncludes(
        stderr,
        `Events are missing: ${lost} lost to full rings, ${missed} missed by the kernel`,
      );

      let expected = 1_000_000;
      let told = 0;
      const stream = ofCpu(lines);
      for (const line of stream) {
        if (line.type === "lost") {
          told += line.count;
          expected += line.count;
        } else {
          assertEquals(line.args.fildes, expected, `after ${told} of ${lost} lost`);
          expected++;
        }
      }
      assertGreater(told, 0);
      // Losses behind the last event that found room stand in the summary only.
      assert(told <= lost);
      assertEquals(expected - 1_000_000, events + told);
      assertEquals(summary.per_cpu.find((each: Line) => (each.cpu as unknown) === cpu)?.lost, lost);
    },
    { tracefs: true, commands: ["gcc"] },
  );

  kernelTest(`${backend}: with --on-loss exit a loss ends the trace with status 4`, async () => {
    const binary = await workload();
    const { summary, stderr, code } = await traceLines([
      ...["--backend", backend, "-m", "4096", "--on-loss", "exit", "syscalls:sys_enter_dup"],
      ...["--", binary, "forever"],
    ]);
    assertEquals([code, summary.exit], [4, 4]);
    assertGreater(summary.lost, 0);
    assertStringIncludes(stderr, `${summary.lost} lost to full rings`);
  }, { tracefs: true, commands: ["gcc"] });
}

kernelTest("without loss --on-loss exit changes nothing", async () => {
  const binary = await workload();
  const { summary, stderr, code } = await traceLines([
    ...["-m", "1MiB", "--on-loss", "exit", "dup"],
    ...["--", binary, "count", "200"],
  ]);
  assertEquals([code, stderr, summary.events], [0, "", 200]);
}, { tracefs: true, commands: ["gcc"] });
