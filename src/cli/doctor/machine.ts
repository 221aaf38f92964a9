/**
 * The doctor's checks that only look: versions, limits, capabilities, mounts, CPUs. They read /proc and /sys, and what is
 * no file they ask the libraries.
 *
 * @module
 */

import { CAPABILITY } from "../../abi/linux.ts";
import { EventPipeError, SyscallError } from "../../errors.ts";
import { allowedCpus } from "../../ffi/affinity.ts";
import { readSmallFile } from "../../ffi/file.ts";
import { LIBBPF, LIBBPF_SYMBOLS, readCstring } from "../../ffi/libbpf.ts";
import { LIBC } from "../../ffi/libc.ts";
import { lookIntoLibrary } from "../../ffi/library.ts";
import { integerOf, memlockOf } from "../../report/kernel_text.ts";
import { onlineCpus, possibleCpus } from "../../source/cpus.ts";
import { findMount, type MountKind } from "../mounts.ts";
import { formatBytes } from "../units.ts";
import { type Finding, ok } from "./check.ts";

/** The oldest Linux with PERF_FORMAT_LOST, without which not all losses can be counted. */
const OLDEST_LINUX = 6;

/** The version of Deno the project is developed and tested with; older ones may do. */
const TESTED_DENO = [2, 9] as const;

/** A ring of the usual size and its metadata page, in KiB. */
const DEFAULT_RING_KIB = 68;

const AS_ROOT = "run as root, or with CAP_BPF and CAP_PERFMON";

/** The version of Deno. */
export function denoVersion(): Finding {
  const found = Deno.version.deno;
  const [major = 0, minor = 0] = found.split(".").map(Number);
  const [testedMajor, testedMinor] = TESTED_DENO;
  if (major > testedMajor || (major === testedMajor && minor >= testedMinor)) return ok(found);
  return {
    state: "limited",
    found,
    advice: `eventpipe is tested with ${testedMajor}.${testedMinor}; run: deno upgrade`,
  };
}

/** The C library, by opening it. */
export function libcVersion(): Finding {
  return lookIntoLibrary(
    LIBC,
    { gnu_get_libc_version: { parameters: [], result: "pointer" } }, // const char *gnu_get_libc_version(void)
    "the kernel source needs Linux with glibc; the memory source needs neither",
    ({ gnu_get_libc_version }) => ok(`glibc ${readCstring(gnu_get_libc_version())}`),
  );
}

/** libbpf, by opening it. */
export function libbpfVersion(): Finding {
  return lookIntoLibrary(
    LIBBPF,
    { libbpf_version_string: { parameters: [], result: "pointer" } }, // const char *libbpf_version_string(void)
    "run: deno task setup",
    ({ libbpf_version_string }) => ok(`libbpf ${readCstring(libbpf_version_string()).replace(/^v/, "")}`),
  );
}

/**
 * The functions of libbpf that the library calls, each by itself.
 *
 * @param names Their names.
 */
export function libbpfFunctions(names: readonly string[] = LIBBPF_SYMBOLS): Finding {
  const anyFunction = { parameters: [], result: "void", optional: true } as const;
  const table = Object.fromEntries(names.map((name) => [name, anyFunction]));
  const absent = lookIntoLibrary(
    LIBBPF,
    table,
    "",
    (symbols) => names.filter((name) => (symbols[name] ?? null) === null),
  );
  if (absent.length === 0) return ok(`all ${names.length} that are called`);
  return {
    state: "missing",
    found: `${absent.join(", ")} (${absent.length} of ${names.length})`,
    advice: "install libbpf 1.0 or later",
  };
}

/** The kernel's release. */
export function kernelRelease(): Finding {
  const found = `Linux ${readText("/proc/sys/kernel/osrelease")}`;
  if (parseInt(found.slice("Linux ".length)) >= OLDEST_LINUX) return ok(found);
  return {
    state: "limited",
    found,
    advice:
      `before Linux ${OLDEST_LINUX}.0 the kernel does not count what a full ring lost: losses behind the last event are not seen`,
  };
}

/** The kernel's own types, which BTF-typed programs and CO-RE need. */
export function kernelBtf(): Finding {
  const path = "/sys/kernel/btf/vmlinux";
  try {
    return ok(formatBytes(Deno.statSync(path).size));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      readThroughLibc(path);
      return ok("present");
    }
    return {
      state: "missing",
      found: `no ${path}`,
      advice: "tp_btf, fentry, lsm and iter programs need a kernel with CONFIG_DEBUG_INFO_BTF=y",
    };
  }
}

/** The effective capabilities of this process. */
export function capabilities(): Finding {
  const held = effectiveCapabilities(readText("/proc/self/status"));
  if (hasAllUsers(readText("/proc/self/uid_map"))) return judgeCapabilities(held);
  return {
    state: "missing",
    found: "none that counts: this is a user namespace",
    advice: `${AS_ROOT}, outside of the namespace`,
  };
}

/**
 * Judges capabilities.
 *
 * @param held The names of the capabilities this process has.
 */
export function judgeCapabilities(held: ReadonlySet<string>): Finding {
  const lacking = Object.keys(CAPABILITY).filter((name) => !held.has(name));
  const found = held.size === 0
    ? "none of those that matter here"
    : `${[...held].join(", ")}${lacking.length === 0 ? "" : `; not ${lacking.join(", ")}`}`;
  if (!mayTrace(held)) return { state: "missing", found, advice: AS_ROOT };
  if (held.has("CAP_IPC_LOCK")) return ok(found); // CAP_SYS_RESOURCE matters before Linux 5.11 only
  return { state: "limited", found, advice: "large rings need CAP_IPC_LOCK, or see locked memory" };
}

/**
 * Decodes the capabilities that matter here.
 *
 * @param status The text of /proc/self/status.
 * @returns The names of those in effect, in the order of their numbers.
 */
export function effectiveCapabilities(status: string): ReadonlySet<string> {
  const digits = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (digits === undefined) throw new Error("Cannot read the capabilities: /proc/self/status has no CapEff");
  const bits = BigInt(`0x${digits}`);
  const names = Object.entries(CAPABILITY).filter(([, bit]) => (bits >> BigInt(bit)) & 1n);
  return new Set(names.map(([name]) => name));
}

/** Who may open perf events. */
export function perfEventParanoid(): Finding {
  const level = readInteger("/proc/sys/kernel/perf_event_paranoid");
  const found = `${level}: ${
    level > 0 ? "events of a whole CPU need CAP_PERFMON" : "everyone may open events"
  }`;
  if (level <= 0 || mayTrace(heldCapabilities())) return ok(found);
  return { state: "limited", found, advice: AS_ROOT };
}

/** Who may load programs. */
export function unprivilegedBpf(): Finding {
  const level = readInteger("/proc/sys/kernel/unprivileged_bpf_disabled");
  const found = `${level}: ${level === 0 ? "everyone may load some program types" : "bpf(2) needs CAP_BPF"}`;
  if (mayTrace(heldCapabilities())) return ok(found);
  return { state: "limited", found, advice: AS_ROOT };
}

/** How much memory rings may lock. */
export function lockedMemory(): Finding {
  const mlockKb = readInteger("/proc/sys/kernel/perf_event_mlock_kb");
  const limit = memlockOf(readText("/proc/self/limits")) ?? "unknown";
  const limitText = typeof limit === "number" ? formatBytes(limit) : limit;
  const found = `perf_event_mlock_kb ${mlockKb} per CPU, RLIMIT_MEMLOCK ${limitText}`;
  if (heldCapabilities().has("CAP_IPC_LOCK")) return ok(`${found}; CAP_IPC_LOCK lifts both`);
  if (mlockKb >= DEFAULT_RING_KIB || limit === "unlimited") return ok(found);
  return {
    state: "limited",
    found,
    advice: "choose smaller rings, raise kernel.perf_event_mlock_kb, or run with CAP_IPC_LOCK",
  };
}

/** A kernel file system: mounted, and open to this user. */
export function mounted(kind: MountKind, type: string, usualTarget: string, use: string): Finding {
  const target = findMount(kind, readText("/proc/mounts"));
  if (target === null) {
    return {
      state: "missing",
      found: "not mounted",
      advice: `${use}; as root run: mount -t ${type} ${type} ${usualTarget}`,
    };
  }
  try {
    Deno.readDirSync(target);
    return ok(target);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      return { state: "limited", found: `${target}, closed to Deno`, advice: `${use}; run with -A` };
    }
    return { state: "limited", found: `${target}, closed to this user`, advice: `${use}; run as root` };
  }
}

/** The CPUs of the machine and of this process. */
export function cpus(): Finding {
  const possible = possibleCpus();
  const online = onlineCpus();
  const allowed = allowedCpus();
  return ok(`${possible.length} possible, ${online.length} online, ${allowed.length} for this process`);
}

/**
 * Whether capabilities suffice to load and attach tracing programs.
 *
 * @param held The names of the capabilities this process has.
 */
function mayTrace(held: ReadonlySet<string>): boolean {
  return held.has("CAP_SYS_ADMIN") || (held.has("CAP_BPF") && held.has("CAP_PERFMON"));
}

/**
 * Whether this is the first user namespace, which maps all user numbers to themselves. In any other one the kernel does
 * not let capabilities load or trace.
 *
 * @param uidMap The text of /proc/self/uid_map.
 */
export function hasAllUsers(uidMap: string): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}

/** The capabilities in effect that count; none where they cannot be read. */
function heldCapabilities(): ReadonlySet<string> {
  try {
    if (!hasAllUsers(readText("/proc/self/uid_map"))) return new Set();
    return effectiveCapabilities(readText("/proc/self/status"));
  } catch {
    return new Set();
  }
}

function readInteger(path: string): number {
  const text = readText(path);
  const value = integerOf(text);
  if (value === null) throw new Error(`Cannot read ${path}: "${text}" is no integer`);
  return value;
}

/**
 * Reads a file of /proc or /sys: through Deno, which needs every permission for it, or else through libc.
 *
 * @param path The file's path.
 * @returns The text, without white space at its ends.
 */
export function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw new Error(`Cannot read ${path}: ${reason(error)}`);
    return readThroughLibc(path).trim();
  }
}

function readThroughLibc(path: string): string {
  try {
    return readSmallFile(path);
  } catch (error) {
    if (error instanceof EventPipeError && error.cause instanceof SyscallError) throw error;
    throw new Error(`Cannot read ${path}: Deno has no permission; run with -A`, { cause: error });
  }
}

/** Deno's message without the name of the function it called. */
function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/: \w+ '.*'$/, "");
}
