/**
 * Holds the tables of src/abi, and what mirrors the project's own C files, against the compiler's headers. The tables are
 * found by their shape, so a new one is compared without a word here, and one that nobody compares is an error.
 */

import { assertEquals, assertGreater } from "@std/assert";
import { fileURLToPath } from "node:url";
import { MAX_EVENTS_PER_RUN } from "../../../bench/load_generator.ts";
import { errnoName, errnoNumber } from "../../../src/abi/errno.ts";
import * as event from "../../../src/abi/event.ts";
import type { ConstantGroup, StructLayout } from "../../../src/abi/layout.ts";
import * as linux from "../../../src/abi/linux.ts";
import * as trace from "../../../src/abi/trace.ts";
import * as perf from "../../../src/abi/perf_event.ts";
import { compilerObstacle, type Fact, factsOfGroup, factsOfLayout, macros, wrongFacts } from "./_compiler.ts";

const obstacle = compilerObstacle();
const isRequired = Deno.env.get("EVENTPIPE_REQUIRE_KERNEL") === "1";
const ignore = obstacle !== null && !isRequired;
const suffix = ignore ? ` (skipped: ${obstacle})` : "";

/** Declares a test that needs the compiler. */
function compilerTest(name: string, fn: () => Promise<void>): void {
  Deno.test({
    name: `${name}${suffix}`,
    ignore,
    async fn(): Promise<void> {
      if (obstacle !== null) throw new Error(`The compiler is required but there is ${obstacle}`);
      await fn();
    },
  });
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Numbers that stand in no struct's table and no group, each with the C expression it must equal. */
const SINGLE: Readonly<Record<string, string>> = {
  MAP_FAILED: "MAP_FAILED",
  NR_PERF_EVENT_OPEN: "__NR_perf_event_open",
  NR_MEMBARRIER: "__NR_membarrier",
  PERF_EVENT_IOC_ENABLE: "PERF_EVENT_IOC_ENABLE",
  PERF_EVENT_IOC_DISABLE: "PERF_EVENT_IOC_DISABLE",
  PERF_EVENT_IOC_SET_OUTPUT: "PERF_EVENT_IOC_SET_OUTPUT",
  PERF_EVENT_IOC_PAUSE_OUTPUT: "PERF_EVENT_IOC_PAUSE_OUTPUT",
  PERF_EVENT_IOC_SET_BPF: "PERF_EVENT_IOC_SET_BPF",
  MAX_RECORD_BYTES: "(__u16) -1 / 8 * 8",
  MAX_PAYLOAD_BYTES: "(__u16) -1 / 8 * 8 - offsetof(struct sample_raw, data)",
};

/** Records that headers describe in comments only, written down here. <linux/perf_event.h> enum perf_event_type */
const RECORDS = [
  "struct sample_raw { struct perf_event_header header; __u32 size; char data[]; };",
  "struct lost_record { struct perf_event_header header; __u64 id; __u64 lost; };",
  // With PERF_SAMPLE_TID, _TIME, _CPU and _RAW, in the order of the comment there.
  "struct tracepoint_sample { struct perf_event_header header; __u32 pid, tid; __u64 time; __u32 cpu, res, size; " +
  "char data[]; };",
];

/** What src/abi exports, by name. */
async function exportsOfAbi(): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  for await (const { name } of Deno.readDir(`${ROOT}src/abi`)) {
    const module: Record<string, unknown> = await import(`../../../src/abi/${name}`);
    for (const [key, value] of Object.entries(module)) found.set(key, value);
  }
  return found;
}

function isLayout(value: unknown): value is StructLayout {
  return typeof value === "object" && value !== null && "offsets" in value && "type" in value;
}

function isGroup(value: unknown): value is ConstantGroup {
  return typeof value === "object" && value !== null && "values" in value && "header" in value;
}

function includes(tables: readonly { readonly header: string }[]): string[] {
  return [...new Set(tables.map(({ header }) => header))].map((header) => `#include <${header}>`);
}

const abi = await exportsOfAbi();
const layouts = [...abi.values()].filter(isLayout);
const groups = [...abi.values()].flatMap((value) => Array.isArray(value) ? value : [value]).filter(isGroup);

compilerTest("every struct of src/abi has the size and the offsets the compiler gives it", async () => {
  assertGreater(layouts.length, 5);
  assertEquals(await wrongFacts(includes(layouts), layouts.flatMap(factsOfLayout)), []);
});

compilerTest("every constant of src/abi has the value its header gives it", async () => {
  assertGreater(groups.length, 5);
  assertEquals(await wrongFacts(includes(groups), groups.flatMap(factsOfGroup)), []);
});

compilerTest("single numbers and records of src/abi are those of the headers", async () => {
  const preamble = ["sys/mman.h", "sys/syscall.h", "sys/ioctl.h", "linux/perf_event.h"]
    .map((header) => `#include <${header}>`);
  const facts: Fact[] = Object.entries(SINGLE).map(([name, expression]) => ({
    expression,
    expected: BigInt(abi.get(name) as number | bigint),
  }));
  const { SAMPLE_RAW, LOST_RECORD } = perf;
  const records: [string, number][] = [
    ["offsetof(struct sample_raw, size)", SAMPLE_RAW.size],
    ["offsetof(struct sample_raw, data)", SAMPLE_RAW.data],
    ["offsetof(struct lost_record, id)", LOST_RECORD.id],
    ["offsetof(struct lost_record, lost)", LOST_RECORD.lost],
    ["sizeof(struct lost_record)", LOST_RECORD.bytes],
  ];
  const all = [...facts, ...records.map(([expression, n]) => ({ expression, expected: BigInt(n) }))];
  assertEquals(await wrongFacts([...preamble, ...RECORDS], all), []);
});

compilerTest("a sample of a tracepoint has its fields where the kernel puts them", async () => {
  const { pid, tid, time, cpu, rawSize, raw } = perf.TRACEPOINT_SAMPLE;
  const facts = Object.entries({ pid, tid, time, cpu, size: rawSize, data: raw }).map(([field, offset]) => ({
    expression: `offsetof(struct tracepoint_sample, ${field}) - sizeof(struct perf_event_header)`,
    expected: BigInt(offset),
  }));
  assertEquals(await wrongFacts(["#include <linux/perf_event.h>", ...RECORDS], facts), []);
});

compilerTest("bit fields of struct perf_event_attr are the bits that the compiler sets", async () => {
  const word = (offset: number, field: string): string =>
    `({ struct perf_event_attr attr = { .${field} = 1 }; *(__u64 *) ((char *) &attr + ${offset}); })`;
  const facts = Object.entries(perf.PERF_ATTR_FLAG).map(([field, bit]) => ({
    expression: word(perf.PERF_EVENT_ATTR_FLAGS, field),
    expected: BigInt(bit),
  }));
  assertEquals(await wrongFacts(["#include <linux/perf_event.h>"], facts), []);
});

compilerTest("src/abi/event.ts has the fields of bpf/event.h where its structs have them", async () => {
  const { EVENT, LOAD_EVENT } = event;
  // Ours count from the category on.
  const expected: [string, number][] = [
    ["offsetof(struct event, category)", EVENT.category],
    ["offsetof(struct event, time_ns)", EVENT.time_ns],
    ["sizeof(struct event)", EVENT.bytes],
    ["offsetof(struct load_event, sequence)", LOAD_EVENT.sequence],
    ["offsetof(struct load_event, planned_ns)", LOAD_EVENT.planned_ns],
    ["offsetof(struct load_event, payload_bytes)", LOAD_EVENT.payload_bytes],
    ["offsetof(struct load_event, reserved)", LOAD_EVENT.bytes],
    ["sizeof(struct load_event)", LOAD_EVENT.fill],
  ];
  const facts = expected.map(([field, offset]) => ({
    expression: `${field} - EVENT_PAYLOAD_OFFSET`,
    expected: BigInt(offset),
  }));
  facts.push({ expression: "LOAD_PAYLOAD_MIN", expected: BigInt(LOAD_EVENT.bytes) });
  facts.push({ expression: "offsetof(struct event, category)", expected: 4n });
  assertEquals(await wrongFacts(["#include <linux/types.h>", `#include "${ROOT}bpf/event.h"`], facts), []);
});

compilerTest("src/abi/trace.ts has the fields and constants of bpf/trace.h", async () => {
  const { TRACE, TRACE_FLAG, SYSCALL_FLAG, TRACE_EVENT, SYSCALL_RECORD, TRACE_TARGET, SYSCALL_TARGET } =
    trace;
  const constants = Object.entries({ ...TRACE, ...TRACE_FLAG, ...SYSCALL_FLAG });
  const { category, time_ns, bytes, ...fields } = TRACE_EVENT;
  const { nr, args, ret, bytes: recordBytes, enterBytes, exitBytes } = SYSCALL_RECORD;
  const offsets = (type: string, table: Readonly<Record<string, number>>, base = ""): [string, number][] =>
    Object.entries(table).map(([field, offset]) =>
      field === "bytes"
        ? [`sizeof(struct ${type})`, offset]
        : [`offsetof(struct ${type}, ${field})${base}`, offset]
    );
  const expected: [string, number][] = [
    ...constants,
    ...offsets("trace_event", fields, " - EVENT_PAYLOAD_OFFSET"),
    ["offsetof(struct trace_event, head.category) - EVENT_PAYLOAD_OFFSET", category],
    ["offsetof(struct trace_event, head.time_ns) - EVENT_PAYLOAD_OFFSET", time_ns],
    ["TRACE_EVENT_BYTES", bytes],
    ...offsets("syscall_record", { nr, args, ret, bytes: recordBytes }),
    ["SYSCALL_ENTER_BYTES", enterBytes],
    ["SYSCALL_EXIT_BYTES", exitBytes],
    ...offsets("trace_target", TRACE_TARGET),
    ...offsets("syscall_target", SYSCALL_TARGET),
    ["offsetof(struct trace_counters, produced) / 8", trace.TRACE_COUNTERS.produced],
    ["offsetof(struct trace_counters, pairs_lost) / 8", trace.TRACE_COUNTERS.pairs_lost],
    ["offsetof(struct trace_counters, refused) / 8", trace.TRACE_COUNTERS.refused],
    ["sizeof(struct trace_counters) / 8", trace.TRACE_COUNTERS.words],
  ];
  const facts = expected.map(([expression, n]) => ({ expression, expected: BigInt(n) }));
  assertEquals(await wrongFacts(["#include <linux/types.h>", `#include "${ROOT}bpf/trace.h"`], facts), []);
});

compilerTest("the load generator's words are those of bpf/load.bpf.c", async () => {
  const text = await Deno.readTextFile(`${ROOT}bench/load_generator.ts`);
  const request = /\bREQUEST = \{([^}]*)\}/.exec(text)?.[1] ?? "";
  const words = [...request.matchAll(/(\w+): (\d+)/g)].map(([, field = "", word]) => ({
    expression: field === "words"
      ? "sizeof(struct load_request) / 8"
      : `offsetof(struct load_request, ${field}) / 8`,
    expected: BigInt(word!),
  }));
  assertEquals(words.length, 8, "bench/load_generator.ts no longer writes its REQUEST as it did");
  const constant = (name: string): bigint => BigInt(new RegExp(`\\b${name} = (\\d+)`).exec(text)![1]!);
  const facts: Fact[] = [
    ...words,
    { expression: "LOAD_FILL", expected: constant("LOAD_FILL") },
    { expression: "LOAD_MAX_ERRNO", expected: constant("MAX_ERRNO") },
    { expression: "sizeof(struct load_counters) / 8", expected: 1n + constant("MAX_ERRNO") },
    { expression: "LOAD_MAX_EVENTS", expected: BigInt(MAX_EVENTS_PER_RUN) },
    { expression: "LOAD_MAX_PAYLOAD", expected: BigInt(perf.MAX_PAYLOAD_BYTES) },
    {
      expression: "offsetof(struct load_scratch, fill) - EVENT_PAYLOAD_OFFSET",
      expected: BigInt(event.LOAD_EVENT.fill),
    },
  ];
  assertEquals(await wrongFacts([`#include "${ROOT}bpf/load.bpf.c"`], facts), []);
});

compilerTest("every error number of <errno.h> has a name, and that one", async () => {
  const numbers = [...await macros("errno.h")].filter(([name, value]) =>
    /^E[A-Z0-9]+$/.test(name) && /^\d+$/.test(value)
  );
  assertGreater(numbers.length, 100);
  for (const [name, value] of numbers) assertEquals(errnoName(Number(value)), name);
});

compilerTest("a wrong offset, a wrong size and a wrong constant are found", async () => {
  const { POLLFD, POLL } = linux;
  const wrong = [
    ...factsOfLayout({ ...POLLFD, size: 12, offsets: { ...POLLFD.offsets, revents: 4 } }),
    ...factsOfGroup({ header: "poll.h", values: { ...POLL, POLLOUT: 5 } }),
  ];
  assertEquals(await wrongFacts(["#include <poll.h>"], wrong), [
    "sizeof(struct pollfd) is 8, not 12",
    "offsetof(struct pollfd, revents) is 6, not 4",
    "POLLOUT is 4, not 5",
  ]);
});

compilerTest("a struct that grows may be larger than its table says, never smaller", async () => {
  const { POLLFD } = linux;
  const smaller = factsOfLayout({ ...POLLFD, size: 4, grows: true });
  const larger = factsOfLayout({ ...POLLFD, size: 12, grows: true });
  assertEquals(await wrongFacts(["#include <poll.h>"], smaller), []);
  assertEquals(await wrongFacts(["#include <poll.h>"], larger), ["sizeof(struct pollfd) is 8, not 12"]);
});

Deno.test("every table of src/abi is compared with the compiler by a test of this file", () => {
  const byOtherTests = new Set<unknown>([
    event.EVENT,
    event.LOAD_EVENT,
    perf.SAMPLE_RAW,
    perf.LOST_RECORD,
    perf.TRACEPOINT_SAMPLE,
    perf.PERF_ATTR_FLAG,
    perf.PERF_EVENT_ATTR_FLAGS,
    ...Object.values(trace),
    errnoName,
    errnoNumber,
  ]);
  const values = new Set<unknown>(groups.map((group) => group.values));
  const forgotten = [...abi].filter(([name, value]) => {
    const isTable = isLayout(value) || isGroup(value) || (Array.isArray(value) && value.every(isGroup));
    return !isTable && !values.has(value) && !byOtherTests.has(value) && !(name in SINGLE);
  });
  assertEquals(forgotten.map(([name]) => name), []);
});
