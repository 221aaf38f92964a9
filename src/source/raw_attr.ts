/**
 * The bits of `struct perf_event_attr` that a user may set beside the source's own, by their names in the header: records
 * of other types in the rings, and more in each sample than its raw data. What could never work is refused with the reason.
 *
 * @module
 */

/**
 * A bit field of `struct perf_event_attr`:
 *
 * - `mmap`, `mmap2`, `mmap_data`: records of mapped executable files, more in them, and mapped data files too
 * - `comm`, `comm_exec`: records of threads' new names, and which of them are from an exec
 * - `task`: records of threads that begin and end
 * - `context_switch`, `namespaces`, `ksymbol`, `bpf_event`: records of these
 * - `sample_id_all`: the fields of `sampleType` that identify a sample, behind records of other types too
 * - `use_clockid`: times are those of `bpf_ktime_get_ns`; else of perf's own clock
 * - `exclude_callchain_kernel`, `exclude_callchain_user`: only the other part in PERF_SAMPLE_CALLCHAIN
 */
export type RawAttrFlag =
  | "mmap"
  | "comm"
  | "task"
  | "mmap_data"
  | "sample_id_all"
  | "exclude_callchain_kernel"
  | "exclude_callchain_user"
  | "mmap2"
  | "comm_exec"
  | "use_clockid"
  | "context_switch"
  | "namespaces"
  | "ksymbol"
  | "bpf_event";

/** What a sample may carry beside PERF_SAMPLE_RAW, of `enum perf_event_sample_format` in <linux/perf_event.h>. */
export type RawAttrSampleType =
  | "PERF_SAMPLE_IP"
  | "PERF_SAMPLE_TID"
  | "PERF_SAMPLE_TIME"
  | "PERF_SAMPLE_CALLCHAIN"
  | "PERF_SAMPLE_ID"
  | "PERF_SAMPLE_CPU"
  | "PERF_SAMPLE_STREAM_ID"
  | "PERF_SAMPLE_IDENTIFIER"
  | "PERF_SAMPLE_CGROUP";

/** Bits of the attribute's flags word, in the order of `struct perf_event_attr` in <linux/perf_event.h>. */
export const RAW_ATTR_FLAGS: Readonly<Record<RawAttrFlag, number>> = {
  mmap: 1 << 8,
  comm: 1 << 9,
  task: 1 << 13,
  mmap_data: 1 << 17,
  sample_id_all: 1 << 18,
  exclude_callchain_kernel: 1 << 21,
  exclude_callchain_user: 1 << 22,
  mmap2: 1 << 23,
  comm_exec: 1 << 24,
  use_clockid: 1 << 25,
  context_switch: 1 << 26,
  namespaces: 1 << 28,
  ksymbol: 1 << 29,
  bpf_event: 1 << 30,
};

/** `enum perf_event_sample_format` of <linux/perf_event.h>. */
export const RAW_ATTR_SAMPLE_TYPES: Readonly<Record<RawAttrSampleType, number>> = {
  PERF_SAMPLE_IP: 1 << 0,
  PERF_SAMPLE_TID: 1 << 1,
  PERF_SAMPLE_TIME: 1 << 2,
  PERF_SAMPLE_CALLCHAIN: 1 << 5,
  PERF_SAMPLE_ID: 1 << 6,
  PERF_SAMPLE_CPU: 1 << 7,
  PERF_SAMPLE_STREAM_ID: 1 << 9,
  PERF_SAMPLE_IDENTIFIER: 1 << 16,
  PERF_SAMPLE_CGROUP: 1 << 21,
};

/**
 * What the events are opened with beside what every source asks for. Records of other types than samples and losses then
 * come into the rings; a pipe skips them and counts them as `skipped`. They take room, count for wake-ups, and one that
 * finds the ring full counts as lost.
 */
export interface RawAttr {
  /** Bit fields of `struct perf_event_attr`, such as `comm` and `task`. */
  readonly flags?: readonly RawAttrFlag[];
  /**
   * What each sample carries beside its raw data, such as `PERF_SAMPLE_TIME`. An event is then the whole sample behind its
   * header, in the order that <linux/perf_event.h> tells for PERF_RECORD_SAMPLE, and its pipe needs `dispatchBy: "all"`.
   */
  readonly sampleType?: readonly RawAttrSampleType[];
}

/** Why a flag or a kind of sample that the kernel knows is not to be had. */
const REFUSED: Readonly<Record<string, string>> = {
  disabled: "a disabled event refuses every output with -EOPNOTSUPP, and nothing would enable it",
  enable_on_exec: "the events belong to CPUs, which execute no file",
  inherit: "the events belong to CPUs, which have no children to inherit them",
  freq: "BPF output is not sampled: each output is a record",
  watermark: "give watermarkBytes instead",
  write_backward: "give overwritable instead",
  PERF_SAMPLE_RAW: "every sample carries it already",
  PERF_SAMPLE_READ: "the format of what it reads is the source's own, for counting losses",
};

/**
 * Translates names to bits.
 *
 * @param attr The names.
 * @returns The low word of the flags, and the bits of `sample_type` beside PERF_SAMPLE_RAW.
 * @throws {TypeError} If a name is not to be had; the message says why.
 */
export function rawAttrBits(attr: RawAttr): { readonly flags: number; readonly sampleType: number } {
  if (typeof attr !== "object" || attr === null) {
    throw new TypeError(
      `Cannot open rings: attr must be an object of flags and sampleType, current value is ${attr}`,
    );
  }
  return {
    flags: bitsOf("flags", attr.flags ?? [], RAW_ATTR_FLAGS),
    sampleType: bitsOf("sampleType", attr.sampleType ?? [], RAW_ATTR_SAMPLE_TYPES),
  };
}

function bitsOf(option: string, names: readonly string[], bits: Readonly<Record<string, number>>): number {
  if (!Array.isArray(names)) {
    throw new TypeError(
      `Cannot open rings: attr.${option} must be a list of names, current value is ${names}`,
    );
  }
  return names.reduce((sum: number, name: string) => {
    if (Object.hasOwn(bits, name)) return sum | bits[name]!;
    const reason = Object.hasOwn(REFUSED, name)
      ? REFUSED[name]
      : `choose among ${Object.keys(bits).join(", ")}`;
    throw new TypeError(`Cannot open rings with attr.${option} "${name}": ${reason}`);
  }, 0);
}
