/** Latencies of some of the events: how many are looked at, and what lost ones do to the quantiles. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { SampledLatencies } from "../../../../bench/tune/latencies.ts";

/** Offers events with latencies of 1, 2, 3, ... ns. */
function offer(latencies: SampledLatencies, events: number): void {
  for (let i = 1; i <= events; i++) if (latencies.isNext()) latencies.record(i);
}

Deno.test("at low rates every event is looked at", () => {
  const latencies = new SampledLatencies(1000, 2000);
  offer(latencies, 2000);
  assertEquals([latencies.count, latencies.max], [2000, 2000]);
  assertEquals(latencies.quantiles(0), { p50: 1000, p90: 1800, p99: 1980, p999: null });
});

Deno.test("at high rates some 20,000 a second are, from everywhere in their batches", () => {
  const latencies = new SampledLatencies(1e6, 1000);
  const places = new Array<number>(64).fill(0);
  for (let i = 0; i < 1e6; i++) {
    if (!latencies.isNext()) continue;
    latencies.record(i);
    places[i % 64]!++;
  }
  assertAlmostEquals(latencies.count, 20_000, 500);
  assert(Math.min(...places) > 200 && Math.max(...places) < 450, places.join());
  assertAlmostEquals(latencies.quantiles(0).p50!, 5e5, 1e4);
});

Deno.test("a lost event is slower than any other", () => {
  const latencies = new SampledLatencies(1000, 1000);
  offer(latencies, 900);
  assertEquals(latencies.quantiles(0.1), { p50: 500, p90: 900, p99: Infinity, p999: Infinity });
  assertEquals(latencies.quantiles(0.005).p99, null);
  offer(latencies, 1000);
  assertEquals(latencies.quantiles(0.02).p99, Infinity);
  assertEquals(latencies.quantiles(0.6), { p50: Infinity, p90: Infinity, p99: Infinity, p999: Infinity });
});

Deno.test("where all events were lost, all quantiles are", () => {
  const { p50, p99 } = new SampledLatencies(1000, 1000).quantiles(1);
  assertEquals([p50, p99], [Infinity, Infinity]);
});

Deno.test("without events there is nothing to tell", () => {
  const latencies = new SampledLatencies(1, 20);
  assertEquals(latencies.quantiles(0), { p50: null, p90: null, p99: null, p999: null });
  assertEquals(latencies.max, null);
});

Deno.test("more events than there is room for are not recorded", () => {
  const latencies = new SampledLatencies(1, 20);
  offer(latencies, 50_000);
  assert(latencies.count < 50_000 && latencies.count === latencies.max);
});
