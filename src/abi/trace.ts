/**
 * The events of the tracer's forwarder, bpf/trace.h. Offsets of `TRACE_EVENT` count from the category on, as handlers see
 * them; behind it stands the tracepoint's record from its byte 8 on, and behind that the slots of user strings.
 *
 * @module
 */

/** Sizes of bpf/trace.h. */
export const TRACE = {
  TRACE_COMM: 16,
  TRACE_DATA_MAX: 4096,
  TRACE_DATA_LOCS: 8,
  TRACE_STRINGS: 2,
  TRACE_STRING_MAX: 512,
  TRACE_SYSCALLS: 512,
  TRACE_MAX_ERRNO: 128,
} as const;

/** Flags of an event. */
export const TRACE_FLAG = { TRACE_TRUNCATED: 1, TRACE_UNREADABLE: 2, TRACE_NO_RETURN: 4 } as const;

/** Flags of a system call. */
export const SYSCALL_FLAG = {
  SYSCALL_PAIR: 1,
  SYSCALL_ENTER: 2,
  SYSCALL_EXIT: 4,
  SYSCALL_NO_RETURN: 8,
} as const;

/** `struct trace_event` from its category on; `string_bytes` are two i16: length with the NUL, or -errno. */
export const TRACE_EVENT = {
  category: 0,
  time_ns: 4,
  pid: 12,
  tid: 16,
  comm: 20,
  record_bytes: 36,
  flags: 40,
  start_ns: 44,
  string_bytes: 52,
  bytes: 60,
} as const;

/** `struct syscall_record`: its beginning is the record of `sys_enter_NAME` from byte 8 on. */
export const SYSCALL_RECORD = {
  nr: 0,
  args: 8,
  ret: 56,
  bytes: 64,
  enterBytes: 56,
  exitBytes: 16,
  exitRet: 8,
} as const;

/** `struct trace_target`: the value of the map `targets`. */
export const TRACE_TARGET = { record_bytes: 0, data_locs: 4, data_loc: 8, bytes: 40 } as const;

/** `struct syscall_target`: the value of the map `syscalls`. */
export const SYSCALL_TARGET = {
  flags: 0,
  pair_category: 4,
  enter_category: 8,
  exit_category: 12,
  string_args: 16,
  bytes: 24,
} as const;

/** `struct trace_counters`, in u64 words. */
export const TRACE_COUNTERS = { produced: 0, pairs_lost: 1, refused: 2, words: 130 } as const;
