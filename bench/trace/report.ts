/**
 * Results of the tracer's benchmark as text: tables of medians for the terminal, and report.md with what must be known
 * to read them.
 *
 * @module
 */

import { markdownTable } from "markdown-table";
import { formatBytes, formatNs } from "../../src/cli/units.ts";
import { wrapText } from "../../src/report/wrap.ts";
import { median } from "../measure/median.ts";
import type { OpenSample, TraceResults } from "./results.ts";
import { pairedRatios, type Spread, spreadOf } from "./statistics.ts";
import { PERF_RECORD, UNTRACED } from "./tools.ts";

const LINE_COLUMNS = 110;
const ABSENT = "-";
const MS = 1e6;

/** A table with its title. */
interface Table {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

/** The tables, for the terminal. */
export function renderTables(results: TraceResults): string {
  return tablesOf(results).map(({ title, rows }) => `${title}\n\n${aligned(rows)}\n`).join("\n");
}

/** report.md, the newline at its end included. */
export function renderTraceReport(results: TraceResults): string {
  const { startedAt, endedAt, command, environment } = results;
  const blocks = [
    "# eventpipe trace beside other tracers",
    `Measured from ${seconds(startedAt)} to ${seconds(endedAt)} by`,
    `\`\`\`sh\n${command}\n\`\`\``,
    ...tablesOf(results).flatMap(({ title, rows }) => [`## ${title}`, aligned(rows)]),
    "## How to read the numbers",
    remarks(results).map((line) => `- ${wrapText(line, LINE_COLUMNS - 2).join("\n  ")}`).join("\n"),
    "## Environment",
    aligned([
      ["what", "value"],
      ["kernel", environment.kernelRelease ?? "unknown"],
      ["CPU", environment.cpuModel ?? "unknown"],
      ["CPUs online", String(environment.cpuCount ?? "unknown")],
      [
        "virtual machine",
        environment.hypervisor === null ? "unknown" : environment.hypervisor ? "yes" : "no",
      ],
      ["Deno, V8", `${environment.deno}, ${environment.v8}`],
      ...Object.entries(results.versions),
      ["load before", load(environment.before.load)],
      ["load after", load(environment.after.load)],
      ["revision", revision(results)],
    ]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function tablesOf(results: TraceResults): Table[] {
  const tables = [lifeTable(results), stopTable(results), openTable(results)];
  return tables.filter(({ rows }) => rows.length > 1);
}

function lifeTable({ life }: TraceResults): Table {
  const rows = grouped(life, ({ tool }) => tool).map(([tool, samples]) => [
    tool,
    msText(spreadOf(samples.map(({ firstEventMs }) => firstEventMs))),
    msText(spreadOf(samples.map(({ stopMs }) => stopMs))),
    bytesText(spreadOf(samples.map(({ peakBytes }) => peakBytes))),
    String(samples.length),
  ]);
  return {
    title: "One tracepoint: first event, stop, memory",
    rows: [["tool", "first event", "SIGINT to exit", "peak memory", "n"], ...rows],
  };
}

function stopTable({ stop }: TraceResults): Table {
  const rows = grouped(stop, ({ tool }) => tool).map(([tool, samples]) => {
    const text = msText(spreadOf(samples.map(({ stopMs }) => stopMs)));
    return [tool, samples.some(({ killed }) => killed) ? `more than ${text}` : text, String(samples.length)];
  });
  return { title: "All system calls: stop", rows: [["tool", "SIGINT to exit", "n"], ...rows] };
}

function openTable({ open }: TraceResults): Table {
  const ways = grouped(open, ({ way }) => way);
  const byWay = new Map(ways.map(([way, samples]) => [way, byRound(samples)]));
  const ratio = (way: string, base: string): string => {
    const ratios = pairedRatios(byWay.get(way)!, byWay.get(base) ?? new Map());
    return ratios.length === 0
      ? ABSENT
      : `${median(ratios).toFixed(2)} ${range(ratios, (r) => r.toFixed(2))}`;
  };
  const rows = ways.map(([way, samples]) => [
    way,
    nsText(spreadOf(samples.map(({ nsPerPair }) => nsPerPair))),
    nsText(spreadOf(samples.map(({ cpuNsPerPair }) => cpuNsPerPair))),
    way === UNTRACED ? ABSENT : ratio(way, UNTRACED),
    way === PERF_RECORD || way === UNTRACED ? ABSENT : ratio(way, PERF_RECORD),
    countText(spreadOf(samples.map(({ lost }) => lost))),
    bytesText(spreadOf(samples.map(({ peakBytes }) => peakBytes))),
    String(samples.length),
  ]);
  return {
    title: "What a traced open and close costs",
    rows: [
      [
        "way",
        "time of a pair",
        "CPU time of it",
        "to untraced",
        "to perf record",
        "events lost",
        "peak memory",
        "n",
      ],
      ...rows,
    ],
  };
}

function remarks({ absent, failures, pairs, environment }: TraceResults): string[] {
  const seed = environment.seeds["order"];
  return [
    "Each figure is a median, with the least and the greatest in brackets; n is the number of runs. Within a round " +
    `the tools came in a random order${seed === undefined ? "" : ` (seed ${seed})`}.`,
    "First event: from spawning the tool to the first line about a program, while one is started every 4 ms. For " +
    "eventpipe this includes the start of Deno. `installed` is the command of `deno task install`, one file in place " +
    "of some hundred modules; what it costs the traced is the same and is not measured again. `perf record` prints no " +
    "events.",
    "Stop: eventpipe leaves what is slow to detach to a process that outlives it by two seconds, so its tracepoints " +
    "stay attached for that time and the time detaching takes (half a minute for all system calls without BPF). The " +
    "others detach before they exit.",
    "All system calls: eventpipe with BPF and `perf trace` read two raw tracepoints for all calls; eventpipe without " +
    "BPF and `perf record` open each tracepoint; bpftrace attaches to the beginnings only (sys_enter_*) and counts.",
    "Peak memory is VmHWM of the tool's process, read before the stop and behind the workload. Rings are not in " +
    "it before they are touched.",
    `Cost: a program opens and closes a file ${pairs} times; ratios are medians of the ratios of each round, of ` +
    "time by the clock. CPU time leaves out what the program waited for a CPU that the tracer or others had. " +
    "All tools watch the whole machine and write to /dev/null. A lost event costs less than one that is kept, so " +
    "a row with losses is cheaper than the truth; the rows with 4 MiB rings show the cost without loss. Tools " +
    "that do not tell their losses have `-` there. `whole call` means the beginning and the end of each call.",
    ...absent.map(({ name, reason }) => `Not measured: ${name}, since ${reason}.`),
    ...failures.map(({ tool, what, round, message }) =>
      `Failed: ${tool}, ${what} of round ${round + 1}: ${oneLine(message)}`
    ),
  ];
}

function grouped<T>(samples: readonly T[], key: (sample: T) => string): [string, T[]][] {
  const names = [...new Set(samples.map(key))].toSorted();
  return names.map((name) => [name, samples.filter((sample) => key(sample) === name)]);
}

function byRound(samples: readonly OpenSample[]): Map<number, number> {
  return new Map(samples.map(({ round, nsPerPair }) => [round, nsPerPair]));
}

function msText(spread: Spread | null): string {
  return spreadText(spread, (ms) => formatNs(Number((ms * MS).toPrecision(3))));
}

function nsText(spread: Spread | null): string {
  return spreadText(spread, (ns) => `${Math.round(ns)} ns`);
}

function bytesText(spread: Spread | null): string {
  return spreadText(spread, formatBytes);
}

function countText(spread: Spread | null): string {
  return spreadText(spread, (count) => String(Math.round(count)));
}

function spreadText(spread: Spread | null, format: (value: number) => string): string {
  if (spread === null) return ABSENT;
  const { median, min, max } = spread;
  return min === max ? format(median) : `${format(median)} ${range([min, max], format)}`;
}

function range(values: readonly number[], format: (value: number) => string): string {
  return `(${format(Math.min(...values))} to ${format(Math.max(...values))})`;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const isText = columns === 2;
  return markdownTable(rows.map((row) => [...row]), {
    align: Array.from({ length: columns }, (_, column) => column === 0 || isText ? "l" : "r"),
  });
}

function load(averages: readonly number[] | null): string {
  return averages === null ? "unknown" : averages.map((average) => average.toFixed(2)).join(", ");
}

function revision({ environment }: TraceResults): string {
  const { gitRevision, gitDirty } = environment;
  if (gitRevision === null) return "unknown";
  return gitRevision.slice(0, 12) + (gitDirty === true ? " with uncommitted changes" : "");
}

function seconds(utc: string): string {
  return `${utc.slice(0, 19).replace("T", " ")} UTC`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 300);
}
