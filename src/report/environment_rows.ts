/**
 * The environment of a results file as rows of two texts, for the tables of report.md and report.html. Relies on the
 * formatters of the units parser.
 *
 * @module
 */

import { formatBytes, formatNs } from "../cli/units.ts";
import { stolenShare } from "./remarks.ts";
import { percent } from "./rows.ts";
import type { Environment, MachineState } from "./schema.ts";

/**
 * Names and values of what a reader of figures wants to know of the machine.
 *
 * @param environment Of a results file.
 * @returns Pairs of name and value; what could not be read is `unknown`.
 */
export function environmentRows(environment: Environment): [what: string, value: string][] {
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
  return rows.map(([what, value]) => [what, valueText(value)]);
}

/**
 * A time to the second.
 *
 * @param utc An ISO time in UTC.
 * @returns Such as `2026-01-02 03:04:05 UTC`.
 */
export function secondsText(utc: string): string {
  return `${utc.slice(0, 19).replace("T", " ")} UTC`;
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
