/**
 * Constants and struct layouts of <linux/perf_event.h>: the attribute block of `perf_event_open`, the
 * metadata page in front of a ring, and the headers of the records inside it. Used by the sources (to open
 * rings) and by the scanners and the writer (to read and write records).
 *
 * @module
 */

import type { ConstantGroup, StructLayout } from "./layout.ts";

/** `enum perf_type_id`, `perf_sw_ids`, `perf_event_sample_format`, `perf_event_read_format`, record types. */
export const PERF = {
  PERF_TYPE_SOFTWARE: 1,
  PERF_TYPE_TRACEPOINT: 2,
  PERF_COUNT_SW_CPU_CLOCK: 0,
  PERF_COUNT_SW_BPF_OUTPUT: 10,
  PERF_SAMPLE_TID: 1 << 1,
  PERF_SAMPLE_TIME: 1 << 2,
  PERF_SAMPLE_CPU: 1 << 7,
  PERF_SAMPLE_RAW: 1 << 10,
  PERF_FORMAT_LOST: 1 << 4,
  PERF_FLAG_FD_CLOEXEC: 8,
  PERF_RECORD_LOST: 2,
  PERF_RECORD_SAMPLE: 9,
  PERF_RECORD_MISC_KERNEL: 1,
} as const;

/** What the compiler compares {@linkcode PERF} with. */
export const PERF_CONSTANTS: ConstantGroup = { header: "linux/perf_event.h", values: PERF };

/** `_IO('$', 1)`: stops an event; <linux/perf_event.h> PERF_EVENT_IOC_DISABLE (same on x86-64 and arm64). */
export const PERF_EVENT_IOC_DISABLE = 0x2401n;

/** `_IOW('$', 8, __u32)`: attaches a BPF program to an event; <linux/perf_event.h> PERF_EVENT_IOC_SET_BPF. */
export const PERF_EVENT_IOC_SET_BPF = 0x40042408n;

/** `struct perf_event_attr`: what `perf_event_open` is asked for. */
export const PERF_EVENT_ATTR = {
  header: "linux/perf_event.h",
  type: "struct perf_event_attr",
  size: 128,
  grows: true,
  offsets: {
    type: 0,
    size: 4,
    config: 8,
    sample_period: 16,
    sample_type: 24,
    read_format: 32,
    wakeup_events: 48,
    clockid: 92,
    config1: 56,
    config2: 64,
  },
} as const satisfies StructLayout;

/** Where the bit fields behind `read_format` stand, `__u64 disabled : 1, inherit : 1, ...`; C gives them no offset. */
export const PERF_EVENT_ATTR_FLAGS = 40;

/** Bits of the low word of {@linkcode PERF_EVENT_ATTR_FLAGS}, in the order of `struct perf_event_attr`. */
export const PERF_ATTR_FLAG = {
  disabled: 1 << 0,
  inherit: 1 << 1,
  watermark: 1 << 14,
  use_clockid: 1 << 25,
  write_backward: 1 << 27,
} as const;

/** `_IO('$', 0)`: starts an event. */
export const PERF_EVENT_IOC_ENABLE = 0x2400n;

/** `_IO('$', 5)`: sends an event's records into the ring of another event of the same CPU. */
export const PERF_EVENT_IOC_SET_OUTPUT = 0x2405n;

/** `_IOW('$', 9, __u32)`: pauses the ring of an event, or lets it go on. */
export const PERF_EVENT_IOC_PAUSE_OUTPUT = 0x40042409n;

/** A sample with TID, TIME, CPU and RAW, in bytes from the record's body: `u32 pid, tid; u64 time; u32 cpu, res; u32 size`. */
export const TRACEPOINT_SAMPLE = { pid: 0, tid: 4, time: 8, cpu: 16, rawSize: 24, raw: 28 } as const;

/** `struct perf_event_mmap_page`: the page in front of the ring. Positions are free-running u64 bytes. */
export const PERF_EVENT_MMAP_PAGE = {
  header: "linux/perf_event.h",
  type: "struct perf_event_mmap_page",
  size: 1088,
  offsets: { data_head: 1024, data_tail: 1032, data_offset: 1040, data_size: 1048 },
} as const satisfies StructLayout;

/** `struct perf_event_header`: `u32 type; u16 misc; u16 size`, in front of every record. */
export const PERF_EVENT_HEADER = {
  header: "linux/perf_event.h",
  type: "struct perf_event_header",
  size: 8,
  offsets: { type: 0, misc: 4, size: 6 },
} as const satisfies StructLayout;

/** PERF_RECORD_SAMPLE with PERF_SAMPLE_RAW only: `header; u32 size; char data[size]`. */
export const SAMPLE_RAW = { size: 8, data: 12 } as const;

/** PERF_RECORD_LOST: `header; u64 id; u64 lost`, 24 bytes without a sample_id. */
export const LOST_RECORD = { id: 8, lost: 16, bytes: 24 } as const;

/** `header.size` is a u16 and records are multiples of 8, so no record is longer than this. */
export const MAX_RECORD_BYTES = 0xfff8;

/** The longest payload whose record still fits {@linkcode MAX_RECORD_BYTES}: 12 bytes stand in front of it. */
export const MAX_PAYLOAD_BYTES: number = MAX_RECORD_BYTES - SAMPLE_RAW.data;
