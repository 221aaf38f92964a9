/**
 * Constants of <linux/bpf.h> and <linux/btf.h> and the option structs of <bpf/bpf.h> and <bpf/libbpf.h> that we
 * fill. libbpf's option structs carry their own size first, so an older library reads only what it knows.
 *
 * @module
 */

import type { ConstantGroup, StructLayout } from "./layout.ts";

/** Map types, program types, attach types, update flags and instruction codes, of <linux/bpf.h>. */
export const BPF = {
  BPF_MAP_TYPE_PERF_EVENT_ARRAY: 4,
  BPF_MAP_TYPE_PERCPU_HASH: 5,
  BPF_MAP_TYPE_PERCPU_ARRAY: 6,
  BPF_MAP_TYPE_LRU_PERCPU_HASH: 10,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE: 21,
  BPF_MAP_TYPE_RINGBUF: 27,
  BPF_PROG_TYPE_SOCKET_FILTER: 1,
  BPF_PROG_TYPE_KPROBE: 2,
  BPF_PROG_TYPE_TRACEPOINT: 5,
  BPF_PROG_TYPE_PERF_EVENT: 7,
  BPF_PROG_TYPE_RAW_TRACEPOINT: 17,
  BPF_PROG_TYPE_TRACING: 26,
  BPF_PROG_TYPE_LSM: 29,
  BPF_TRACE_RAW_TP: 23,
  BPF_TRACE_FENTRY: 24,
  BPF_LSM_MAC: 27,
  BPF_TRACE_ITER: 28,
  BPF_ALU64: 0x07,
  BPF_MOV: 0xb0,
  BPF_K: 0x00,
  BPF_JMP: 0x05,
  BPF_EXIT: 0x90,
  BPF_ANY: 0,
  BPF_OBJ_NAME_LEN: 16,
} as const;

/** Kinds of BTF types, of <linux/btf.h>. */
export const BTF_KIND = {
  BTF_KIND_INT: 1,
  BTF_KIND_ENUM: 6,
  BTF_KIND_TYPEDEF: 8,
  BTF_KIND_VOLATILE: 9,
  BTF_KIND_CONST: 10,
  BTF_KIND_DATASEC: 15,
  BTF_INT_SIGNED: 1,
} as const;

/** What the compiler compares the groups above with. */
export const BPF_CONSTANTS: readonly ConstantGroup[] = [
  { header: "linux/bpf.h", values: BPF },
  { header: "linux/btf.h", values: BTF_KIND },
];

/** `struct btf_type`: `u32 name_off; u32 info; union { u32 size; u32 type; }`, then what the kind adds. */
export const BTF_TYPE = {
  header: "linux/btf.h",
  type: "struct btf_type",
  size: 12,
  offsets: { name_off: 0, info: 4, size: 8 },
} as const satisfies StructLayout;

/** `struct btf_var_secinfo`: one variable of a data section. */
export const BTF_VAR_SECINFO = {
  header: "linux/btf.h",
  type: "struct btf_var_secinfo",
  size: 12,
  offsets: { type: 0, offset: 4, size: 8 },
} as const satisfies StructLayout;

/** `struct bpf_object_open_opts` (libbpf 1.1): we set the verifier's log buffer. */
export const BPF_OBJECT_OPEN_OPTS = {
  header: "bpf/libbpf.h",
  type: "struct bpf_object_open_opts",
  size: 80,
  grows: true,
  offsets: { sz: 0, kernel_log_buf: 56, kernel_log_size: 64, kernel_log_level: 72 },
} as const satisfies StructLayout;

/** `struct bpf_prog_load_opts`: what a program is to be attached to. */
export const BPF_PROG_LOAD_OPTS = {
  header: "bpf/bpf.h",
  type: "struct bpf_prog_load_opts",
  size: 104,
  grows: true,
  offsets: { sz: 0, expected_attach_type: 12, attach_btf_id: 32 },
} as const satisfies StructLayout;

/** `struct bpf_insn`: `u8 code; u8 dst_reg:4, src_reg:4; s16 off; s32 imm`. */
export const BPF_INSN = {
  header: "linux/bpf.h",
  type: "struct bpf_insn",
  size: 8,
  offsets: { code: 0, off: 2, imm: 4 },
} as const satisfies StructLayout;

/** `struct bpf_test_run_opts`: one BPF_PROG_TEST_RUN. */
export const BPF_TEST_RUN_OPTS = {
  header: "bpf/bpf.h",
  type: "struct bpf_test_run_opts",
  size: 80,
  grows: true,
  offsets: { sz: 0, data_in: 8, data_size_in: 24, ctx_in: 32, ctx_size_in: 48, retval: 56 },
} as const satisfies StructLayout;

/** `struct bpf_tracepoint_opts`: one attachment, with what bpf_get_attach_cookie() gives the program. */
export const BPF_TRACEPOINT_OPTS = {
  header: "bpf/libbpf.h",
  type: "struct bpf_tracepoint_opts",
  size: 16,
  grows: true,
  offsets: { sz: 0, bpf_cookie: 8 },
} as const satisfies StructLayout;

/** `struct bpf_prog_info`: what the kernel tells of a loaded program. */
export const BPF_PROG_INFO = {
  header: "linux/bpf.h",
  type: "struct bpf_prog_info",
  size: 232,
  grows: true,
  offsets: { recursion_misses: 208 },
} as const satisfies StructLayout;
