/** Counting of Deno's JUnit report, on reports as Deno 2.9 writes them. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Counts, judge, readReport, ReportError } from "../_junit.ts";

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>\n`;

/**
 * One passed, one failed with a failing and a passing step, one skipped kernel test; one passed, one filtered
 * out.
 */
const REPORT = HEAD + `<testsuites name="deno test" tests="7" failures="2" errors="0" time="0.429">
    <testsuite name="./test/kernel/perf_test.ts" tests="5" disabled="1" errors="0" failures="2">
        <testcase name="one" classname="./test/kernel/perf_test.ts" time="0.000" line="1" col="6">
        </testcase>
        <testcase name="two &amp; &lt;x&gt; &quot;q&quot; \\x01" classname="./test/kernel/perf_test.ts" time="0.011" line="2" col="6">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="three (skipped: EPERM)" classname="./test/kernel/perf_test.ts" time="0.000" line="3" col="6">
            <skipped/>
        </testcase>
        <testcase name="two &amp; &lt;x&gt; &quot;q&quot; \\x01 &gt; inner" classname="./test/kernel/perf_test.ts" time="0.000" line="2" col="64">
        </testcase>
        <testcase name="two &amp; &lt;x&gt; &quot;q&quot; \\x01 &gt; other" classname="./test/kernel/perf_test.ts" time="0.003" line="2" col="99">
            <failure message="Uncaught Error: no">Error: no</failure>
        </testcase>
    </testsuite>
    <testsuite name="./test/unit/ring_test.ts" tests="2" disabled="1" errors="0" failures="0">
        <testcase name="a &gt; b is no step" classname="./test/unit/ring_test.ts" time="0.000" line="1" col="6">
        </testcase>
        <testcase name="left out" classname="./test/unit/ring_test.ts" line="2" col="11">
            <skipped/>
        </testcase>
    </testsuite>
</testsuites>
`;

/** A report of the given counts, all of them kernel tests. */
function kernelReport(kernel: Counts): { all: Counts; kernel: Counts } {
  return { all: { ...kernel }, kernel };
}

const LENIENT = { status: 0, kernelRequired: false, isSelection: false };
const STRICT = { status: 0, kernelRequired: true, isSelection: false };

Deno.test("readReport counts tests as Deno's last line does: without steps and without what was left out", () => {
  assertEquals(readReport(REPORT).all, { passed: 2, failed: 1, skipped: 1 });
});

Deno.test("readReport counts the files under test/kernel/ as kernel tests", () => {
  assertEquals(readReport(REPORT).kernel, { passed: 1, failed: 1, skipped: 1 });
});

Deno.test("readReport counts the report of a real run like the run's own last line", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/real_test.ts`,
      `Deno.test("passes", async (t) => { await t.step("step", () => {}); });
       Deno.test("fails", () => { throw new Error("on purpose"); });
       Deno.test.ignore("is ignored", () => {});`,
    );
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-config", "--no-lock", `--junit-path=${folder}/report.xml`, "real_test.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 1);
    assertStringIncludes(new TextDecoder().decode(stdout), "1 passed (1 step) | 1 failed | 1 ignored");
    const report = readReport(await Deno.readTextFile(`${folder}/report.xml`));
    assertEquals(report.all, { passed: 1, failed: 1, skipped: 1 });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (
  const [what, xml] of [
    ["an empty report", ""],
    ["a report cut off in the middle", REPORT.slice(0, 800)],
    ["a report of another kind", `${HEAD}<html></html>`],
    ["a report that announces more tests than it holds", REPORT.replace(`tests="7"`, `tests="8"`)],
    ["a report without the number of tests", REPORT.replace(` tests="7"`, "")],
  ] as const
) {
  Deno.test(`readReport refuses ${what}`, () => {
    assertThrows(() => readReport(xml), ReportError);
  });
}

Deno.test("judge takes a clean run as it is", () => {
  const { counts, complaints } = judge(kernelReport({ passed: 3, failed: 0, skipped: 1 }), LENIENT);
  assertEquals([counts, complaints], [{ passed: 3, failed: 0, skipped: 1 }, []]);
});

Deno.test("judge takes failing tests for the whole reason of a failed run", () => {
  const { counts, complaints } = judge(kernelReport({ passed: 3, failed: 2, skipped: 0 }), {
    ...LENIENT,
    status: 1,
  });
  assertEquals([counts, complaints], [{ passed: 3, failed: 2, skipped: 0 }, []]);
});

Deno.test("judge counts an error outside of all tests as a failure", () => {
  const { counts, complaints } = judge(kernelReport({ passed: 3, failed: 0, skipped: 0 }), {
    ...LENIENT,
    status: 1,
  });
  assertEquals([counts, complaints.length], [{ passed: 3, failed: 1, skipped: 0 }, 1]);
});

Deno.test("judge complains about failures of a run that ended well", () => {
  assertEquals(judge(kernelReport({ passed: 0, failed: 1, skipped: 0 }), LENIENT).complaints.length, 1);
});

Deno.test("judge counts a skipped kernel test as failed where kernel tests are required", () => {
  const { counts, complaints } = judge(kernelReport({ passed: 3, failed: 0, skipped: 2 }), STRICT);
  assertEquals([counts, complaints.length], [{ passed: 3, failed: 2, skipped: 0 }, 1]);
});

Deno.test("judge requires kernel tests of a whole run, but not of a selection", () => {
  const none = { all: { passed: 5, failed: 0, skipped: 0 }, kernel: { passed: 0, failed: 0, skipped: 0 } };
  assertEquals(judge(none, STRICT).counts.failed, 1);
  assertEquals(judge(none, { ...STRICT, isSelection: true }).complaints, []);
});
