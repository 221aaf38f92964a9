/** The cells that a run is made of. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { MAX_LATENCIES, type PlannedCell } from "../../../../bench/plan/cell_plan.ts";
import { configurationKey, planCells } from "../../../../bench/plan/plan.ts";
import { type PlanOptions, readRate } from "../../../../bench/plan/plan_options.ts";
import { withRate } from "../../../../bench/sweep.ts";
import { UsageError } from "../../../../src/cli/args.ts";
import { PLAIN_OPTIONS } from "../_plan.ts";

const OPTIONS: PlanOptions = {
  ...PLAIN_OPTIONS,
  suites: ["throughput", "latency"],
  rates: [{ rate: 10_000 }, { share: 0.5 }],
  arrivals: ["fixed", "poisson"],
  durationMs: 100,
  allCpus: 3,
  repeat: 1,
};

function plan(options: Partial<PlanOptions>): PlannedCell[] {
  return planCells({ ...OPTIONS, ...options });
}

/** A cell in the words in which these tests count. */
function words({ suite, source, setting, payloadBytes, cpus, load }: PlannedCell): string {
  const { ring, ringBytes, wakeup, waiter } = setting;
  const threshold = wakeup.kind === "events"
    ? wakeup.events
    : wakeup.kind === "bytes"
    ? "bytes"
    : wakeup.kind;
  const offered = "arrivals" in load
    ? `${"rate" in load ? load.rate : load.share} ${load.arrivals}`
    : load.kind;
  return `${suite} ${source} ${ring} ${ringBytes} ${threshold} ${waiter} ${payloadBytes} ${cpus} ${offered}`;
}

Deno.test("throughput saturates every ring size with every threshold, on both sources", () => {
  const cells = plan({ suites: ["throughput"] });
  assertEquals(cells.length, 2 * 4 * 3);
  assertEquals(new Set(cells.map(configurationKey)).size, cells.length);
  assert(cells.every(({ load }) => load.kind === "saturating"));
});

Deno.test("latency offers a rate everywhere, and shares and other arrivals in the middle of the lists", () => {
  const cells = plan({ suites: ["throughput", "latency"], sources: ["kernel"] }).filter(({ suite }) =>
    suite === "latency"
  );
  const grid = cells.filter(({ load }) => load.kind === "rate" && load.arrivals === "fixed");
  assertEquals(grid.length, 4 * 3);
  assertEquals(cells.slice(grid.length).map(words), [
    "latency kernel perf 262144 16 epoll 128 1 10000 poisson",
    "latency kernel perf 262144 16 epoll 128 1 0.5 fixed",
    "latency kernel perf 262144 16 epoll 128 1 0.5 poisson",
  ]);
});

Deno.test("a saturating cell stands in front of the first share of its configuration, unless one is there", () => {
  const lonely = plan({ suites: ["latency"], sources: ["memory"], rates: [{ share: 0.1 }, { share: 0.8 }] });
  assertEquals(lonely.map(({ suite, load }) => `${suite} ${load.kind}`), [
    "throughput saturating",
    ...Array.from({ length: 4 }, () => "latency share"),
  ]);
  assertEquals(new Set(lonely.map(configurationKey)).size, 1);
  const together = plan({ rates: [{ share: 0.5 }], sources: ["memory"] });
  assertEquals(together.filter(({ suite }) => suite === "throughput").length, 4 * 3);
});

Deno.test("a share becomes a rate once the configuration was measured, and not before", () => {
  const [capacity, share] = plan({ suites: ["latency"], sources: ["kernel"], rates: [{ share: 0.5 }] });
  const known = new Map([[configurationKey(capacity!), 400_000]]);
  assertEquals(withRate(share!, known).load, {
    kind: "rate",
    rate: 200_000,
    arrivals: "fixed",
    share: 0.5,
  });
  assertEquals(withRate(capacity!, known), capacity);
  assertThrows(() => withRate(share!, new Map()), Error, "handled no event");
});

Deno.test("a share of a high capacity is measured for as long as its events can be kept", () => {
  const [capacity, share] = plan({ suites: ["latency"], rates: [{ share: 0.5 }], durationMs: 10_000 });
  const { durationMs, load } = withRate(share!, new Map([[configurationKey(capacity!), 4e6]]));
  assert(load.kind === "rate" && load.rate * durationMs / 1000 <= MAX_LATENCIES);
  assertEquals(durationMs, 4000);
});

Deno.test("a ping-pong is answered asleep and awake, on each kind of ring, with a wake-up for each event", () => {
  assertEquals(plan({ suites: ["pingpong"], sources: ["kernel"] }).map(words), [
    ...["epoll", "spin-sleep", "spin"].map((waiter) =>
      `pingpong kernel perf 262144 1 ${waiter} 128 1 pingpong`
    ),
    ...["epoll", "spin-sleep", "spin"].map((waiter) =>
      `pingpong kernel ringbuf 262144 adaptive ${waiter} 128 1 pingpong`
    ),
  ]);
  assertEquals(plan({ suites: ["pingpong"], sources: ["kernel"], hasRingbuf: false }).length, 3);
  assertEquals(
    plan({ suites: ["pingpong"], sources: ["memory"], waiter: "spin" }).map(words),
    ["pingpong memory perf 262144 1 spin 128 1 pingpong"],
  );
});

Deno.test("size, payload, cpus and waiters vary one thing each", () => {
  const varied = {
    size: ({ setting }: PlannedCell): unknown => setting.ringBytes,
    payload: ({ payloadBytes }: PlannedCell): unknown => payloadBytes,
    cpus: ({ cpus }: PlannedCell): unknown => cpus,
    waiters: ({ setting }: PlannedCell): unknown => setting.waiter,
  };
  for (const [suite, of] of Object.entries(varied)) {
    const cells = plan({ suites: [suite as "size"], sources: ["kernel"], hasRingbuf: false });
    const values = new Set(cells.map(of));
    assert(values.size > 2, suite);
    const rests = cells.map((cell) =>
      words(cell).replace(String(of(cell)), "*").replace(/[\d.]+ fixed|saturating/, "")
    );
    if (suite !== "cpus") assertEquals(new Set(rests).size, 1, `${suite}: ${rests}`);
  }
  assertEquals(
    plan({ suites: ["cpus"], sources: ["kernel"] }).map(({ cpus, setting }) => `${setting.ring} ${cpus}`),
    ["perf 1", "perf 2", "perf 3", "ringbuf 1", "ringbuf 2", "ringbuf 3"],
  );
  assertEquals(
    plan({ suites: ["waiters"], sources: ["memory"] }).map(({ setting }) => setting.waiter),
    ["atomics", "spin-sleep", "spin"],
  );
  assertEquals(plan({ suites: ["floor"] }), []);
});

Deno.test("sizes and payloads that are given go before those of the suites", () => {
  const given = { sources: ["memory" as const], ringBytes: [65536, 131072], payloadBytes: [64, 96] };
  const sizes = plan({ ...given, suites: ["size"] }).map(({ setting }) => setting.ringBytes);
  assertEquals(sizes, [65536, 65536, 131072, 131072]);
  assertEquals(plan({ ...given, suites: ["payload"] }).map(({ payloadBytes }) => payloadBytes), [
    64,
    64,
    96,
    96,
  ]);
});

Deno.test("watermarks are measured beside thresholds, on kernel rings alone", () => {
  const thresholds = (source: "kernel" | "memory", ring: "perf" | "ringbuf"): string[] =>
    plan({
      suites: ["throughput"],
      sources: [source],
      rings: [ring],
      ringBytes: [65536],
      wakeupEvents: [4],
      watermarkBytes: [4096],
    }).map(({ setting }) => setting.wakeup.kind);
  assertEquals(thresholds("kernel", "perf"), ["events", "bytes"]);
  assertEquals(thresholds("kernel", "ringbuf"), ["adaptive", "bytes"]);
  assertEquals(thresholds("memory", "perf"), ["events"]);
});

Deno.test("a repeated plan is measured round by round", () => {
  const once = plan({});
  assertEquals(plan({ repeat: 3 }), [...once, ...once, ...once]);
});

Deno.test("a plan that cannot be measured is refused with the option's name", () => {
  const refused: [Partial<PlanOptions>, string][] = [
    [{ ringBytes: [5000] }, "--ring-bytes 5000"],
    [{ ringBytes: [2048] }, "--ring-bytes 2048"],
    [{ wakeupEvents: [0] }, "--wakeup-events 0"],
    [{ payloadBytes: [8] }, "--payload 8"],
    [{ payloadBytes: [20_000], ringBytes: [16384] }, "never takes more than 16364"],
    [{ payloadBytes: [20_000], ringBytes: [16384], rings: ["ringbuf"] }, "never takes more than"],
    [{ durationMs: 1 }, "--duration 1ms"],
    [{ repeat: 0 }, "--repeat 0"],
    [{ rates: [{ rate: 1e9 }] }, "--rate 1000000000"],
    [{ watermarkBytes: [10_000], ringBytes: [16384] }, "--watermark 10000"],
    [{ waiter: "atomics", sources: ["kernel"] }, "--waiter atomics"],
    [{ waiter: "poll", sources: ["memory"] }, "--waiter poll"],
  ];
  for (const [options, text] of refused) assertThrows(() => plan(options), UsageError, text);
});

Deno.test("readRate reads events per second and shares, and refuses what is nothing", () => {
  assertEquals([readRate("10k"), readRate("50%"), readRate("12.5%")], [
    { rate: 10_000 },
    { share: 0.5 },
    { share: 0.125 },
  ]);
  for (const text of ["0", "0%", "%", "10k%"]) assertThrows(() => readRate(text), RangeError);
});
