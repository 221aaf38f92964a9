/** Whether cells were steady, and what their flags say. */

import { assert, assertEquals } from "@std/assert";
import { flagsOf } from "../../../../bench/cell/flags.ts";
import { CountingReader } from "../../../../bench/cell/readers.ts";
import { hasSteadyMedian } from "../../../../bench/cell/steady.ts";
import type { Event } from "../../../../src/pipe/event.ts";
import { cell, stage } from "../../report/_cells.ts";

const EVENT = { u64: () => 0 } as unknown as Event;

function steadiness(first: number, second: number): boolean {
  const reader = new CountingReader();
  for (let i = 0; i < first; i++) reader.process(EVENT);
  reader.atHalf(1e6);
  for (let i = 0; i < second; i++) reader.process(EVENT);
  reader.closeWindow(2e6);
  return reader.isSteady;
}

Deno.test("a cell that saturates is steady if both halves had as many events within 5 %", () => {
  assertEquals([steadiness(1000, 1049), steadiness(1000, 951)], [true, true]);
  assertEquals([steadiness(1000, 1060), steadiness(1000, 940)], [false, false]);
});

Deno.test("halves are compared by their rates where the first one was longer", () => {
  const reader = new CountingReader();
  for (let i = 0; i < 2000; i++) reader.process(EVENT);
  reader.atHalf(2e6);
  for (let i = 0; i < 1000; i++) reader.process(EVENT);
  reader.closeWindow(3e6);
  assert(reader.isSteady);
});

Deno.test("latencies are steady if their medians are alike within 5 %, whatever the outliers", () => {
  const samples = (second: number): Float64Array =>
    Float64Array.from({ length: 200 }, (_, index) => index % 10 === 0 ? 1e9 : index < 100 ? 1000 : second);
  assertEquals([1000, 1049, 951, 1060, 940].map((ns) => hasSteadyMedian(samples(ns))), [
    true,
    true,
    true,
    false,
    false,
  ]);
  assert(hasSteadyMedian(Float64Array.of(1, 1, 9, 9)), "four latencies tell nothing");
});

const QUIET = { isSaturated: false, isSteady: true, isInterrupted: false, shares: false };

Deno.test("a cell with nothing to say has no flags", () => {
  const quiet = cell({
    ...{ wakeupEvents: 16, effectiveWakeupEvents: 15, lost: 0 },
    latency: [stage({ stage: "handled", from: "planned", count: 2000 })],
  });
  assertEquals(flagsOf(quiet, QUIET), []);
});

Deno.test("each finding has its flag", () => {
  const quiet = cell({ wakeupEvents: 16, effectiveWakeupEvents: 15, lost: 0, latency: null });
  assertEquals(flagsOf({ ...quiet, effectiveWakeupEvents: 12 }, QUIET), ["watermark"]);
  assertEquals(flagsOf({ ...quiet, lost: 1 }, QUIET), ["lossy"]);
  assertEquals(flagsOf(quiet, { ...QUIET, isSaturated: true }), ["saturated"]);
  assertEquals(flagsOf(quiet, { ...QUIET, isSteady: false }), ["not-steady"]);
  assertEquals(flagsOf(quiet, { ...QUIET, isInterrupted: true }), ["interrupted"]);
  assertEquals(flagsOf(quiet, { ...QUIET, shares: true }), ["one-cpu"]);
  assertEquals(flagsOf({ ...quiet, latency: [stage({ count: 999 })] }, QUIET), ["n-small"]);
});

Deno.test("a generator has lagged if its 99th percentile is above a tenth of the response's", () => {
  const withLag = (lag: number | null, response: number | null): string[] =>
    flagsOf(
      cell({
        ...{ wakeupEvents: 1, effectiveWakeupEvents: 1, lost: 0 },
        latency: [
          stage({ stage: "handled", from: "planned", p99: response, count: 2000 }),
          stage({ stage: "emitted", from: "planned", p99: lag, count: 2000 }),
        ],
      }),
      QUIET,
    );
  assertEquals([withLag(100, 1000), withLag(101, 1000), withLag(null, 1000), withLag(101, null)], [
    [],
    ["lagged"],
    [],
    [],
  ]);
});
