/**
 * The record of the machine and the software behind a results file. The benchmark opens it before its first
 * cell and finishes it after the last. Relies on /proc, /sys and git where they are there and may be read; what
 * cannot be read is null. Nothing here identifies the machine: no host name, no address, no path.
 */

import {
  countOfList,
  cpuModelOf,
  cpuTicks,
  field,
  hypervisorOf,
  integerOf,
  loadOf,
  memlockOf,
  processorsOf,
  withoutIdentity,
} from "./kernel_text.ts";
import type { Environment, MachineState } from "./schema.ts";

/** What only the caller knows. */
export interface EnvironmentExtra {
  /** Seeds of random sequences, by use. */
  readonly seeds?: Readonly<Record<string, number>>;
  /** Version of libbpf as it names itself; null when it was not loaded. */
  readonly libbpfVersion?: string | null;
  /** Versions of further libraries and tools, by name; null for those that are not installed. */
  readonly libraries?: Readonly<Record<string, string | null>>;
  /** Cost of reading the clock once, in ns. */
  readonly clockCostNs?: number | null;
  /** The CPU the consumer was pinned to. */
  readonly consumerCpu?: number | null;
  /** The CPUs the producers were pinned to. */
  readonly producerCpus?: readonly number[] | null;
}

/** An environment whose load and stolen time have been read once. */
export interface OpenEnvironment {
  /** Read load and stolen time again and return the whole record; `extra` adds to what was given before. */
  finish(extra?: EnvironmentExtra): Environment;
}

const AT_PAGESZ = 6n; // include/uapi/linux/auxvec.h

/** Read the machine's state now, and what does not change; `finish()` completes it after the run. */
export function openEnvironment(extra: EnvironmentExtra = {}): OpenEnvironment {
  const before = machineState();
  return {
    finish(more: EnvironmentExtra = {}): Environment {
      return describe({ ...extra, ...more }, before);
    },
  };
}

/** The environment of this moment, for a caller without a run: before and after are nearly the same. */
export function captureEnvironment(extra: EnvironmentExtra = {}): Environment {
  return openEnvironment(extra).finish();
}

function describe(extra: EnvironmentExtra, before: MachineState): Environment {
  const cpuinfo = readText("/proc/cpuinfo");
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    kernelRelease: readText("/proc/sys/kernel/osrelease"),
    kernelVersion: readText("/proc/sys/kernel/version"),
    cmdline: mapText(readText("/proc/cmdline"), withoutIdentity),
    mitigations: readFolder("/sys/devices/system/cpu/vulnerabilities"),
    cpuModel: mapText(cpuinfo, cpuModelOf),
    cpuCount: mapText(readText("/sys/devices/system/cpu/online"), countOfList) ??
      mapText(cpuinfo, processorsOf),
    smt: mapText(readText("/sys/devices/system/cpu/smt/active"), (text) => text === "1"),
    governor: readText("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
    idleDriver: readText("/sys/devices/system/cpu/cpuidle/current_driver"),
    numaNodes: mapText(readText("/sys/devices/system/node/online"), countOfList),
    hypervisor: mapText(cpuinfo, hypervisorOf),
    clocksource: readText("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
    perfEventParanoid: readInteger("/proc/sys/kernel/perf_event_paranoid"),
    unprivilegedBpfDisabled: readInteger("/proc/sys/kernel/unprivileged_bpf_disabled"),
    bpfJitEnable: readInteger("/proc/sys/net/core/bpf_jit_enable"),
    kptrRestrict: readInteger("/proc/sys/kernel/kptr_restrict"),
    perfEventMlockKb: readInteger("/proc/sys/kernel/perf_event_mlock_kb"),
    rlimitMemlockBytes: mapText(readText("/proc/self/limits"), memlockOf),
    pageBytes: readPageBytes(),
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    typescript: Deno.version.typescript,
    v8Flags: readV8Flags(),
    ...gitState(),
    affinity: {
      allowed: mapText(readText("/proc/self/status"), (text) => field(text, /^Cpus_allowed_list:\s*(\S+)$/m)),
      consumer: extra.consumerCpu ?? null,
      producers: extra.producerCpus ? [...extra.producerCpus] : null,
    },
    seeds: { ...extra.seeds },
    clockCostNs: extra.clockCostNs ?? null,
    libraries: { libbpf: extra.libbpfVersion ?? null, ...extra.libraries },
    before,
    after: machineState(),
  };
}

function machineState(): MachineState {
  const ticks = mapText(readText("/proc/stat"), cpuTicks);
  return {
    at: new Date().toISOString(),
    load: mapText(readText("/proc/loadavg"), loadOf),
    stealTicks: ticks?.steal ?? null,
    totalTicks: ticks?.total ?? null,
  };
}

/** The page size from the auxiliary vector: pairs of words, type and value. */
function readPageBytes(): number | null {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync("/proc/self/auxv");
  } catch {
    return null;
  }
  // All that Deno runs on is 64-bit and little-endian.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    if (view.getBigUint64(at, true) === AT_PAGESZ) return Number(view.getBigUint64(at + 8, true));
  }
  return null;
}

/** V8 flags come from the command line of this process and from the variable DENO_V8_FLAGS. */
function readV8Flags(): string[] | null {
  const commandLine = readText("/proc/self/cmdline");
  if (commandLine === null) return null;
  const flags = commandLine.split("\0").filter((argument) => argument.startsWith("--v8-flags="));
  return [...flags.map((flag) => flag.slice("--v8-flags=".length)), readVariable("DENO_V8_FLAGS")]
    .flatMap((list) => list.split(","))
    .filter((flag) => flag !== "");
}

function readVariable(name: string): string {
  try {
    return Deno.env.get(name) ?? "";
  } catch {
    return "";
  }
}

/** The commit that runs, if this file belongs to a git checkout of the project. */
function gitState(): { gitRevision: string | null; gitDirty: boolean | null } {
  const [top, revision] = git("rev-parse", "--show-cdup", "HEAD")?.split("\n") ?? [];
  // Elsewhere than at the top of a checkout, the commit would be that of somebody else's repository.
  if (top !== "" || revision === undefined) return { gitRevision: null, gitDirty: null };
  const changes = git("status", "--porcelain");
  return { gitRevision: revision, gitDirty: changes === null ? null : changes.trim() !== "" };
}

/** What git prints for the project's folder; null when there is no git, no permission, or an error. */
function git(...args: string[]): string | null {
  if (!import.meta.url.startsWith("file:")) return null;
  try {
    const folder = decodeURIComponent(new URL("../..", import.meta.url).pathname);
    const { success, stdout } = new Deno.Command("git", {
      args: ["--no-optional-locks", "-C", folder, ...args],
      stdin: "null",
      stderr: "null",
    }).outputSync();
    return success ? new TextDecoder().decode(stdout) : null;
  } catch {
    return null;
  }
}

/** A text file without white space at its ends; null when it cannot be read, whatever the reason. */
function readText(path: string): string | null {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return null;
  }
}

function readInteger(path: string): number | null {
  return mapText(readText(path), integerOf);
}

/** The files of a folder by their names; null when there is no such folder. */
function readFolder(path: string): Record<string, string> | null {
  try {
    const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
    const texts = names.map((name) => [name, readText(`${path}/${name}`)] as const);
    return Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== null));
  } catch {
    return null;
  }
}

function mapText<T>(text: string | null, read: (text: string) => T | null): T | null {
  return text === null ? null : read(text);
}
