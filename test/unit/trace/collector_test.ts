/** Tests of the collector: the order of time, the place of gaps, the limit, and what is counted. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Collector } from "../../../src/trace/collector.ts";
import type { TraceEvent, TraceLoss } from "../../../src/trace/model.ts";
import type { Statistics } from "../../../src/pipe/statistics.ts";
import { call, event } from "./_events.ts";

const ACCOUNTS = { missed: 0, unfinished: 0, exact: true };

/** Statistics of a closed pipe over these CPUs: of each its number, its losses and what was left in its ring. */
function statistics(...cpus: readonly (readonly [cpu: number, lost: number, left: number])[]): Statistics {
  const sum = (index: 1 | 2): number => cpus.reduce((total, each) => total + each[index], 0);
  return {
    lost: sum(1),
    left: sum(2),
    cpus: cpus.map(([cpu, lost, left]) => ({ cpu, lost, left })),
  } as unknown as Statistics;
}

/** An event of a CPU at a time. */
function at(time: number, cpu = 0): TraceEvent {
  return event({ time: BigInt(time), cpu });
}

/** A gap of a CPU; when it is noticed says nothing of its place. */
function gap(cpu: number | null, count = 1): TraceLoss {
  return { time: 999_999n, cpu, count };
}

/** Events by their times, gaps by their counts. */
function told(items: readonly (TraceEvent | TraceLoss)[]): string[] {
  return items.map((item) => "count" in item ? `lost ${item.count}` : String(item.time));
}

Deno.test("take gives events of all CPUs in the order of time, those of one time in the order they came", () => {
  const collector = new Collector(null);
  const events = [at(5, 1), at(9, 1), at(2, 0), at(5, 0), at(7, 0)];
  for (const each of events) collector.add(each);
  assertEquals(collector.take(), [events[2], events[0], events[3], events[4], events[1]] as TraceEvent[]);
  assertEquals(collector.take(), []);
});

Deno.test("take keeps what is later than asked for, and gives it in order with what comes then", () => {
  const collector = new Collector(null);
  for (const each of [at(1), at(5), at(6)]) collector.add(each);
  assertEquals(told(collector.take(5n)), ["1", "5"]);
  for (const each of [at(7, 1), at(3, 1)]) collector.add(each);
  assertEquals(told(collector.take(6n)), ["3", "6"]);
  assertEquals(told(collector.take(6n)), []);
  assertEquals(told(collector.take()), ["7"]);
});

Deno.test("a gap stands behind the last event of its CPU, whenever it was noticed", () => {
  const collector = new Collector(null);
  collector.add(at(1, 0));
  collector.add(at(4, 0));
  collector.addLoss(gap(0, 3));
  collector.add(at(8, 0));
  collector.add(at(2, 1));
  collector.addLoss(gap(1, 4));
  collector.add(at(6, 1));
  assertEquals(told(collector.take()), ["1", "2", "lost 4", "4", "lost 3", "6", "8"]);
});

Deno.test("a gap in front of all events of its CPU, and one of no CPU, stand in front of all", () => {
  const collector = new Collector(null);
  collector.add(at(3, 1));
  collector.addLoss(gap(0, 1));
  collector.addLoss(gap(null, 2));
  assertEquals(told(collector.take()), ["lost 1", "lost 2", "3"]);
});

Deno.test("a gap stays with the event it stands behind", () => {
  const collector = new Collector(null);
  collector.add(at(3, 0));
  collector.add(at(9, 0));
  collector.addLoss(gap(0, 5));
  assertEquals(told(collector.take(5n)), ["3"]);
  assertEquals(told(collector.take(9n)), ["9", "lost 5"]);
});

Deno.test("a gap is told at its place where the event in front of it was given out before", () => {
  const collector = new Collector(null);
  collector.add(at(3, 0));
  assertEquals(told(collector.take(5n)), ["3"]);
  collector.addLoss(gap(0, 5));
  collector.add(at(7, 0));
  collector.add(at(6, 1));
  assertEquals(told(collector.take()), ["lost 5", "6", "7"]);
});

Deno.test("the limit lets the earliest events through, and gaps always; the rest is left", () => {
  const collector = new Collector(3);
  for (const each of [at(4), at(2)]) collector.add(each);
  assertEquals([told(collector.take()), collector.isFull], [["2", "4"], false]);
  for (const each of [at(9), at(7), at(8)]) collector.add(each);
  collector.addLoss(gap(0, 6));
  assertEquals([told(collector.take()), collector.isFull], [["7", "lost 6"], true]);
  collector.add(at(10));
  assertEquals(told(collector.take()), []);
  const { events, left, lost } = collector.summary(statistics([0, 6, 11]), ACCOUNTS);
  assertEquals([events, left, lost], [3, 3 + 11, 6]);
});

Deno.test("summary counts per event and per CPU what was let through, and passes on the accounts", () => {
  const collector = new Collector(null);
  for (const each of [at(10, 1), at(30, 1), call({ time: 20n, cpu: 0 })]) collector.add(each);
  collector.take();
  const summary = collector.summary(statistics([0, 4, 0], [1, 5, 2]), {
    missed: 7,
    unfinished: 8,
    exact: false,
  });
  assertEquals(summary.perEvent, new Map([["sched:sched_process_exec", 2], ["openat", 1]]));
  assertEquals(summary.perCpu, [{ cpu: 0, lost: 4, events: 1 }, { cpu: 1, lost: 5, events: 2 }]);
  assertEquals([summary.durationNs, summary.lost, summary.left], [20n, 9, 2]);
  assertEquals([summary.missed, summary.unfinished, summary.exact], [7, 8, false]);
});

Deno.test("summary adds up system calls; results from -4095 to -1 are errors, those without result are none", () => {
  const collector = new Collector(null);
  const results: [bigint | null, bigint | null][] = [
    [3n, 10n],
    [-1n, 70n],
    [-4095n, 20n],
    [-4096n, 5n],
    [null, null],
  ];
  for (const [ret, durationNs] of results) collector.add(call({ call: { ret, durationNs } }));
  collector.take();
  const { calls } = collector.summary(statistics([1, 0, 0]), ACCOUNTS);
  assertEquals(calls, new Map([["openat", { count: 5, errors: 2, totalNs: 105n, maxNs: 70n }]]));
});

Deno.test("summary of nothing is zeros", () => {
  const summary = new Collector(5).summary(statistics([0, 0, 0]), ACCOUNTS);
  assertEquals([summary.events, summary.left, summary.durationNs, summary.exact], [0, 0, 0n, true]);
});

Deno.test("take gives everything once and in order, however it is called", () => {
  const steps = fc.array(fc.oneof(
    fc.record({ cpu: fc.nat(3), later: fc.nat(50) }),
    fc.record({ until: fc.nat(2000) }),
    fc.record({ lostOn: fc.nat(3) }),
  ));
  fc.assert(
    fc.property(steps, fc.option(fc.nat(40)), (script, limit) => {
      const collector = new Collector(limit);
      const clocks = [0, 0, 0, 0];
      let [added, gaps] = [0, 0];
      const out: (TraceEvent | TraceLoss)[] = [];
      let asked = -1;
      for (const step of script) {
        if ("cpu" in step) {
          // What was complete up to a time stays so.
          const time = Math.max(clocks[step.cpu]!, asked + 1) + step.later;
          clocks[step.cpu] = time;
          collector.add(at(time, step.cpu));
          added++;
        } else if ("until" in step) {
          asked = Math.max(asked, step.until);
          out.push(...collector.take(BigInt(asked)));
        } else {
          collector.addLoss(gap(step.lostOn));
          gaps++;
        }
      }
      out.push(...collector.take());
      const events = out.filter((item) => !("count" in item));
      assertEquals(events.length, Math.min(added, limit ?? Infinity));
      assertEquals(out.length - events.length, gaps);
      const times = events.map(({ time }) => Number(time));
      assertEquals(times, times.toSorted((a, b) => a - b));
      assertEquals(collector.summary(statistics([0, 0, 0]), ACCOUNTS).left, added - events.length);
    }),
    { seed: 11, numRuns: 300 },
  );
});
