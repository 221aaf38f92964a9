/** Tests of the summary for people: its width, its tables, and that no missing event goes unsaid. */

import { assert, assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { summaryText } from "../../../src/trace/summary_text.ts";
import type { TraceSummary } from "../../../src/trace/model.ts";
import { SUMMARY } from "./_events.ts";

const EMPTY: TraceSummary = {
  events: 0,
  lost: 0,
  missed: 0,
  left: 0,
  unfinished: 0,
  exact: true,
  durationNs: 0n,
  perEvent: new Map(),
  perCpu: [{ cpu: 0, events: 0, lost: 0 }],
  calls: new Map(),
};

/** A line of the summary by its first word, its columns divided by one space. */
function row(summary: TraceSummary, first: string): string | undefined {
  const lines = summaryText(summary).split("\n").map((line) => line.trim().replace(/ {2,}/g, " "));
  return lines.find((line) => line.startsWith(`${first} `));
}

Deno.test("summaryText tells the counts of a whole run", async () => {
  const fixture = await Deno.readTextFile(new URL("../../fixtures/trace/summary.txt", import.meta.url));
  assertEquals(summaryText(SUMMARY), fixture);
});

Deno.test("summaryText of a run without events has one line and a verdict", () => {
  assertEquals(summaryText(EMPTY), "0 events in 0 ns\n\nNo event is missing.\n");
});

Deno.test("summaryText has a row per event, the most frequent first, and system calls in their own table", () => {
  const text = summaryText(SUMMARY);
  assertEquals(row(SUMMARY, "sched:sched_process_exec"), "sched:sched_process_exec 3");
  assertEquals(row(SUMMARY, "openat"), "openat 4 1 94 us 23.5 us 70 us");
  assertEquals(text.match(/^openat/gm)?.length, 1);
  assert(text.indexOf("sched_process_exec") < text.indexOf("sched_switch"));
  const turned = new Map([...SUMMARY.perEvent, ["sched:sched_switch", 5] as const]);
  const other = summaryText({ ...SUMMARY, perEvent: turned });
  assert(other.indexOf("sched_switch") < other.indexOf("sched_process_exec"));
});

Deno.test("summaryText puts the system call with the longest total first", () => {
  const of = (totalNs: bigint): { count: number; errors: number; totalNs: bigint; maxNs: bigint } => ({
    count: 1,
    errors: 0,
    totalNs,
    maxNs: totalNs,
  });
  const calls = new Map([["read", of(5n)], ["futex", of(2n ** 62n)], ["write", of(7n)]]);
  const text = summaryText({ ...EMPTY, calls });
  assertEquals(text.match(/^(read|futex|write)/gm), ["futex", "write", "read"]);
});

Deno.test("summaryText leaves out CPUs on which nothing happened", () => {
  assertEquals(row(SUMMARY, "1"), "1 9 116");
  assertEquals(row(SUMMARY, "0"), undefined);
});

Deno.test("summaryText names every kind of missing event, in red where colour is wanted", () => {
  const verdict = (changes: Partial<TraceSummary>, color = false): string | undefined =>
    summaryText({ ...EMPTY, ...changes }, { color }).trimEnd().split("\n").at(-1);
  assertEquals(verdict({ lost: 1 }), "LOST: 1 event lost in full rings.");
  assertEquals(verdict({ missed: 2 }), "LOST: 2 events missed in the kernel.");
  const inexact = "NOT EXACT: these counts do not account for every event.";
  assertEquals(verdict({ exact: false }), inexact);
  assertEquals(
    verdict({ lost: 3, missed: 1, exact: false }),
    `LOST: 3 events lost in full rings, 1 event missed in the kernel. ${inexact}`,
  );
  assertEquals(verdict({ lost: 1 }, true), "\x1b[31mLOST: 1 event lost in full rings.\x1b[0m");
  assertEquals(verdict({}, true), "No event is missing.");
});

Deno.test("summaryText says what a limit left and what had not ended", () => {
  const first = summaryText({ ...EMPTY, left: 4, unfinished: 2 }).split("\n")[0];
  assertEquals(first, "0 events in 0 ns, 4 not written at the limit, 2 system calls unfinished");
  assertNotMatch(summaryText(EMPTY), /limit|unfinished/);
});

Deno.test("summaryText stays within 110 columns and cuts no name off", () => {
  const long = `category:${"n".repeat(90)}`;
  const huge = { count: 2 ** 53 - 1, errors: 2 ** 53 - 1, totalNs: 2n ** 63n, maxNs: 2n ** 63n };
  const perEvent = new Map([[long, 2 ** 53 - 1], ["a:b", 1]]);
  const text = summaryText({
    ...SUMMARY,
    perEvent,
    calls: new Map([["c".repeat(100), huge], ["read", huge]]),
    perCpu: [{ cpu: 1023, events: 2 ** 53 - 1, lost: 2 ** 53 - 1 }],
  });
  for (const line of text.split("\n")) assert(line.length <= 110, `${line.length} columns: ${line}`);
  assertStringIncludes(text, long);
  assertMatch(text, /^c{100}\n +9007199254740991/m);
});
