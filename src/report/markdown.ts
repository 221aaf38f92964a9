/**
 * A results file as the text of report.md: what was measured where, one table per suite and source, and what to
 * know before quoting a number. The benchmark and `deno task report` write it. Relies on markdown-table for
 * tables that are also readable as text; the result is stable under `deno fmt`.
 */

import { markdownTable } from "markdown-table";
import { formatBytes, formatNs } from "../cli/units.ts";
import { flagMeaning } from "./flags.ts";
import { remarks, stolenShare } from "./remarks.ts";
import { ABSENT, flagsOf, type Group, groupCells, layOut, percent } from "./rows.ts";
import type { Environment, MachineState, Results } from "./schema.ts";
import { wrapText } from "./wrap.ts";

const LINE_COLUMNS = 110;

/** The report of a results file, newline at its end included. */
export function renderReport(results: Results): string {
  const { label, startedAt, endedAt, command, cells } = results;
  const title = label === undefined ? "eventpipe benchmark" : `eventpipe benchmark: ${plain(label)}`;
  const blocks = [
    `# ${title}`,
    paragraph(`Measured from ${seconds(startedAt)} to ${seconds(endedAt)}, ${cells.length} cells, by`),
    `\`\`\`sh\n${command}\n\`\`\``,
    ...groupCells(results).flatMap(groupBlocks),
  ];
  const flags = flagsOf(cells);
  if (flags.length > 0) {
    blocks.push("## Flags", list(flags.map((flag) => `${plain(flag)}: ${flagMeaning(flag)}.`)));
  }
  blocks.push(
    "## How to read the numbers",
    list([
      ...remarks(results),
      `\`${ABSENT}\` stands for a value that was not measured or is not supported.`,
    ]),
    "## Environment",
    markdownTable([["what", "value"], ...environmentRows(results.environment)]),
  );
  return `${blocks.join("\n\n")}\n`;
}

function groupBlocks(group: Group): string[] {
  const { rows, columns, shared } = layOut(group);
  const hasFlags = flagsOf(group.cells).length > 0;
  const heads = [...columns.map((column) => column.head), ...(hasFlags ? ["flags"] : [])];
  const lines = rows.map((row) => {
    const texts = columns.map((column) => plain(column.text(row)));
    if (hasFlags) texts.push(row.first ? row.cell.flags.map(plain).join(", ") : "");
    return texts;
  });
  const align = columns.map((column) => column.right ? "r" : "l");
  const blocks = [`## ${plain(group.suite)} (${group.sourceLabel})`];
  if (shared.length > 0) blocks.push(paragraph(`Every row: ${shared.map(plain).join(", ")}.`));
  blocks.push(markdownTable([heads, ...lines], { align: [...align, "l"] }));
  return blocks;
}

function environmentRows(environment: Environment): [string, string][] {
  const { affinity, before, after, libraries } = environment;
  const stolen = stolenShare(environment);
  const rows: [string, string | number | boolean | null][] = [
    ["system", `${environment.os} ${environment.arch}`],
    ["kernel", environment.kernelRelease],
    ["CPU", environment.cpuModel],
    ["CPUs online", environment.cpuCount],
    ["SMT", environment.smt],
    ["NUMA nodes", environment.numaNodes],
    ["virtual machine", environment.hypervisor],
    ["frequency governor", environment.governor],
    ["idle driver", environment.idleDriver],
    ["clock source", environment.clocksource],
    ["reading the clock", environment.clockCostNs === null ? null : formatNs(environment.clockCostNs)],
    ["CPUs allowed", affinity.allowed],
    ["consumer on CPU", affinity.consumer ?? "not stated"],
    ["producers on CPUs", affinity.producers?.join(", ") ?? "not stated"],
    ["perf_event_paranoid", environment.perfEventParanoid],
    ["unprivileged_bpf_disabled", environment.unprivilegedBpfDisabled],
    ["bpf_jit_enable", environment.bpfJitEnable],
    ["perf_event_mlock_kb", environment.perfEventMlockKb],
    ["RLIMIT_MEMLOCK", bytesText(environment.rlimitMemlockBytes)],
    ["page size", bytesText(environment.pageBytes)],
    ["Deno, V8, TypeScript", `${environment.deno}, ${environment.v8}, ${environment.typescript}`],
    ["V8 flags", environment.v8Flags === null ? null : environment.v8Flags.join(" ") || "none"],
    ...Object.entries(libraries),
    ["revision", revisionText(environment)],
    ["load before", loadText(before)],
    ["load after", loadText(after)],
    ["CPU time stolen", stolen === null ? null : percent(stolen, 1)],
  ];
  return rows.map(([what, value]) => [plain(what), plain(valueText(value))]);
}

function valueText(value: string | number | boolean | null): string {
  if (value === null) return "unknown";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

function bytesText(bytes: number | "unlimited" | null): string | null {
  return typeof bytes === "number" ? formatBytes(bytes) : bytes;
}

function revisionText({ gitRevision, gitDirty }: Environment): string | null {
  if (gitRevision === null) return null;
  const state = gitDirty === null ? ", changes unknown" : gitDirty ? " with uncommitted changes" : "";
  return `${gitRevision.slice(0, 12)}${state}`;
}

function loadText({ load }: MachineState): string | null {
  return load === null ? null : load.map((average) => average.toFixed(2)).join(", ");
}

/** `2026-01-02 03:04:05 UTC` of an ISO time in UTC. */
function seconds(utc: string): string {
  return `${utc.slice(0, 19).replace("T", " ")} UTC`;
}

/** Text that markdown prints as it is. */
function plain(text: string): string {
  return text.replace(/[\\`*[\]<|]/g, "\\$&").replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\_")
    .replace(/\s+/g, " ");
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${wrapText(item, LINE_COLUMNS - 2).join("\n  ")}`).join("\n");
}

function paragraph(text: string): string {
  return wrapText(text, LINE_COLUMNS).join("\n");
}
