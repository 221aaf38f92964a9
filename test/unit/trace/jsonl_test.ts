/** Tests of the JSON Lines: each is valid whatever it holds, integers keep their value, times their nanoseconds. */

import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import fc from "fast-check";
import { createJsonl } from "../../../src/trace/jsonl.ts";
import { call, ERROR, event, events, HEADER, LOSS, SUMMARY, wholeRun } from "./_events.ts";

/** The rule for integers, told in another way: as JSON gives them back. */
function expected(value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "number") {
    const exact = BigInt(value);
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : String(exact);
  }
  return Array.isArray(value) ? value.map(expected) : value;
}

/** Entries, since field names may be anything, `__proto__` too. */
function entries(content: object): [string, unknown][] {
  return Object.entries(content);
}

Deno.test("JSON Lines of a whole run are those of the fixture", async () => {
  const fixture = await Deno.readTextFile(new URL("../../fixtures/trace/run.jsonl", import.meta.url));
  assertEquals(wholeRun(createJsonl()), fixture);
});

Deno.test("every line is one line of valid JSON that says what the event says, whatever bytes it holds", () => {
  fc.assert(
    fc.property(events, (given) => {
      const text = createJsonl().event(given);
      // As the bytes reach a reader.
      const read = new TextDecoder("utf-8", { fatal: true }).decode(new TextEncoder().encode(text));
      assertEquals(read, text);
      // deno-lint-ignore no-control-regex -- control characters are what must not be there
      assertMatch(text, /^[^\0-\x1f\x7f-\x9f\u2028-\u202e]*\n$/);
      const parsed = JSON.parse(text);
      assertEquals(parsed.ts, String(given.time));
      for (const key of ["cpu", "pid", "tid", "comm", "event"] as const) {
        assertEquals(parsed[key], given[key]);
      }
      assertEquals(
        entries(parsed.args),
        entries(given.args).map(([name, value]) => [name, expected(value)]),
      );
      assertEquals(parsed.ret, expected(given.call?.ret));
      assertEquals(parsed.duration_ns, expected(given.call?.durationNs));
      assertEquals(entries(parsed.reasons ?? {}), entries(given.reasons ?? {}));
      assertEquals("reasons" in parsed, given.reasons !== undefined);
    }),
    { numRuns: 2000, seed: 52 },
  );
});

Deno.test("times keep their nanoseconds on both clocks, in any order", () => {
  const times = fc.array(fc.bigInt({ min: 0n, max: 2n ** 62n }), { minLength: 1 });
  const steps = fc.array(fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n }), { minLength: 1 });
  const near = fc.tuple(fc.bigInt({ min: 2n ** 40n, max: 2n ** 60n }), steps)
    .map(([start, deltas]) => deltas.map((delta) => start + delta));
  const offsets = fc.bigInt({ min: 0n, max: 2n ** 61n });
  fc.assert(
    fc.property(offsets, fc.oneof(times, near), (wallOffsetNs, all) => {
      const output = createJsonl();
      output.header({ ...HEADER, wallOffsetNs });
      for (const time of all) {
        const { ts, time: iso } = JSON.parse(output.event(event({ time })));
        assertEquals(ts, String(time));
        const wall = time + wallOffsetNs;
        const ns = String(wall % 1_000_000_000n).padStart(9, "0");
        const seconds = new Date(Number(wall / 1_000_000_000n) * 1000).toISOString().replace(".000Z", "");
        assertEquals(iso, `${seconds}.${ns}Z`);
      }
    }),
    { seed: 53 },
  );
});

Deno.test("the header has the version, the clock and no name of the host", () => {
  const header = JSON.parse(createJsonl().header(HEADER));
  assertEquals(header, {
    type: "header",
    v: 1,
    clock: "monotonic",
    wall_offset_ns: "1795321031000000000",
    kernel: "6.18.44",
    cpus: [0, 1],
    events: ["sched:sched_process_exec", "openat"],
    backend: "bpf",
    ring_bytes: 262144,
    watermark_bytes: 65536,
    cmd: ["cat", "/etc/hostname"],
  });
  assertEquals(JSON.parse(createJsonl().header({ ...HEADER, command: null })).cmd, null);
});

Deno.test("only a system call has a result and a duration, only an event with nulls has reasons", () => {
  const output = createJsonl();
  const keys = (text: string): string[] => Object.keys(JSON.parse(text)).slice(8);
  assertEquals(keys(output.event(event())), ["args"]);
  assertEquals(keys(output.event(call())), ["args", "ret", "duration_ns"]);
  const unreadable = call({ args: { filename: null }, reasons: { filename: "unreadable" } });
  assertEquals(keys(output.event(unreadable)), ["args", "ret", "duration_ns", "reasons"]);
});

Deno.test("an integer is a number up to 2^53 - 1 and a string beyond, whatever type holds it", () => {
  const values = {
    a: 2n ** 53n - 1n,
    b: 2n ** 53n,
    c: -(2n ** 53n) + 1n,
    d: -(2n ** 53n),
    e: 2 ** 60,
    f: 7n,
  };
  const { args } = JSON.parse(createJsonl().event(event({ args: values })));
  assertEquals(args, {
    a: 9007199254740991,
    b: "9007199254740992",
    c: -9007199254740991,
    d: "-9007199254740992",
    e: "1152921504606846976",
    f: 7,
  });
});

Deno.test("losses, errors and the summary are lines of the same envelope", () => {
  const output = createJsonl();
  assertEquals(JSON.parse(output.lost(LOSS)), { type: "lost", ts: "2631475230000", cpu: 1, count: 115 });
  assertEquals(JSON.parse(output.error(ERROR)), { type: "error", ...ERROR });
  const summary = JSON.parse(output.summary(SUMMARY, 4));
  assertEquals(summary.exit, 4);
  assertEquals(summary.per_event.openat, 4);
  assertEquals(summary.calls.openat, { count: 4, errors: 1, total_ns: 94000, max_ns: 70001 });
});

Deno.test("a line cannot drive a terminal that shows it", () => {
  const text = createJsonl().event(event({ comm: "\u001b[2J\u009b2J", args: { "\u0007": "\u0085" } }));
  // deno-lint-ignore no-control-regex -- control characters are what must not be there
  assertNotMatch(text.trimEnd(), /[\0-\x1f\x7f-\x9f]/);
  assertEquals(JSON.parse(text).comm, "\u001b[2J\u009b2J");
});
