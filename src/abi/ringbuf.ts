/**
 * Constants of <linux/bpf.h> for BPF ring buffers: the header in front of a record, `struct bpf_ringbuf_hdr { u32 len; u32
 * pg_off; }` of kernel/bpf/ringbuf.c, and what a program says when it commits one. The positions are an `unsigned long` each,
 * at the start of a page of their own.
 *
 * @module
 */

import type { ConstantGroup } from "./layout.ts";

/** The bits of a record's length word, the size of its header, the flags of a commit. */
export const RINGBUF = {
  /** In the length word: the record is reserved and not committed yet. */
  BPF_RINGBUF_BUSY_BIT: 0x80000000,
  /** In the length word: the program took the record back. */
  BPF_RINGBUF_DISCARD_BIT: 0x40000000,
  /** Bytes in front of a record's data. */
  BPF_RINGBUF_HDR_SZ: 8,
  /** To `bpf_ringbuf_submit` and its like: do not wake the reader. */
  BPF_RB_NO_WAKEUP: 1,
  /** To `bpf_ringbuf_submit` and its like: wake the reader, even if it is behind. */
  BPF_RB_FORCE_WAKEUP: 2,
  /** The type of map in which programs count what a ring refused, beside its per-CPU kin. */
  BPF_MAP_TYPE_ARRAY: 2,
} as const;

/** What the compiler compares {@linkcode RINGBUF} with. */
export const RINGBUF_CONSTANTS: ConstantGroup = { header: "linux/bpf.h", values: RINGBUF };
