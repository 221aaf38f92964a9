/**
 * Counts all system calls, and adds up the time spent in them; a call that waits, such as `poll`, counts its waiting.
 *
 *     deno run -A examples/syscount.ts -d 5s --processes
 */

import { Trace } from "@eventpipe/eventpipe/trace";
import { formatNs, parseCount } from "../src/cli/units.ts";
import { resultError } from "../src/trace/result_error.ts";
import { PID, runTool } from "./_tool.ts";

await runTool({
  name: "syscount",
  summary: "Count system calls, their errors and their time, until it ends; then show the most frequent.",
  options: {
    pid: PID,
    processes: { type: "boolean", short: "P", help: "Count by process instead of by call" },
    latency: { type: "boolean", short: "L", help: "Show those with the most time instead" },
    top: { type: "string", short: "T", value: "N", help: "How many", default: "20", parse: parseCount },
  },
}, async ({ options, watch, table }) => {
  using trace = Trace.open(["*"], { pids: options.pid, ringBytes: 4 * 1024 * 1024 });
  const sums = new Map<string, { calls: number; errors: number; ns: number }>();
  for await (const { event, pid, comm, call } of watch(trace)) {
    const key = options.processes ? `${pid} ${comm}` : event;
    let sum = sums.get(key);
    if (sum === undefined) sums.set(key, sum = { calls: 0, errors: 0, ns: 0 });
    sum.calls++;
    if (resultError(call!.ret ?? 0n) !== null) sum.errors++;
    sum.ns += Number(call!.durationNs);
  }
  const order = options.latency ? "ns" : "calls";
  const row = table({ CALLS: -9, ERRORS: -9, TIME: -9, [options.processes ? "PID COMM" : "CALL"]: 0 });
  const sorted = [...sums].sort(([, a], [, b]) => b[order] - a[order]);
  for (const [key, { calls, errors, ns }] of sorted.slice(0, options.top)) {
    row(calls, errors, formatNs(ns), key);
  }
});
