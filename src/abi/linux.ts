/**
 * Constants and struct layouts of the system calls around a ring: mapping, waiting, scheduling, clocks.
 * Each value names its header; a test compares all of them with the compiler's.
 *
 * @module
 */

import type { ConstantGroup, StructLayout } from "./layout.ts";

/** Protection and mapping flags of `mmap`. */
export const MMAP = {
  PROT_NONE: 0,
  PROT_READ: 1,
  PROT_WRITE: 2,
  MAP_SHARED: 0x01,
  MAP_PRIVATE: 0x02,
  MAP_FIXED: 0x10,
  MAP_ANONYMOUS: 0x20,
  MAP_NORESERVE: 0x4000,
} as const;

/** `mmap` reports failure with this address, `(void *) -1`; <sys/mman.h> MAP_FAILED. */
export const MAP_FAILED = 0xffffffffffffffffn;

/** `epoll_create1` and `epoll_ctl`. */
export const EPOLL = {
  EPOLL_CLOEXEC: 0o2000000,
  EPOLL_CTL_ADD: 1,
  EPOLLIN: 0x001,
  EPOLLET: 0x80000000,
} as const;

/** `poll(2)`. */
export const POLL = { POLLIN: 0x001 } as const;

/** `eventfd(2)`. */
export const EVENTFD = { EFD_CLOEXEC: 0o2000000, EFD_NONBLOCK: 0o4000 } as const;

/** `open(2)` and `fcntl(2)`. */
export const FCNTL = { O_RDONLY: 0, O_CLOEXEC: 0o2000000, F_DUPFD_CLOEXEC: 1030, F_SETFD: 2 } as const;

/** `clock_gettime(2)`; `bpf_ktime_get_ns` reads the same clock. */
export const CLOCK = { CLOCK_MONOTONIC: 1, CLOCK_THREAD_CPUTIME_ID: 3 } as const;

/** `getrusage(2)`. */
export const RESOURCE = { RUSAGE_THREAD: 1 } as const;

/** `membarrier(2)`. */
export const MEMBARRIER = { MEMBARRIER_CMD_GLOBAL: 1 } as const;

/** `sysconf(3)`. */
export const SYSCONF = { _SC_PAGESIZE: 30 } as const;

/** Bits of the sets in /proc/PID/status, of <linux/capability.h>. */
export const CAPABILITY = {
  CAP_IPC_LOCK: 14,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_RESOURCE: 24,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

/** What the compiler compares the groups above with. */
export const LINUX_CONSTANTS: readonly ConstantGroup[] = [
  { header: "sys/mman.h", values: MMAP },
  { header: "sys/epoll.h", values: EPOLL },
  { header: "poll.h", values: POLL },
  { header: "sys/eventfd.h", values: EVENTFD },
  { header: "fcntl.h", values: FCNTL },
  { header: "time.h", values: CLOCK },
  { header: "sys/resource.h", values: RESOURCE },
  { header: "linux/membarrier.h", values: MEMBARRIER },
  { header: "unistd.h", values: SYSCONF },
  { header: "linux/capability.h", values: CAPABILITY },
];

/**
 * `struct epoll_event`: `u32 events; epoll_data_t data`. The kernel packs it on x86-64 only
 * (<linux/eventpoll.h> EPOLL_PACKED).
 */
export const EPOLL_EVENT: StructLayout & {
  readonly offsets: { readonly events: number; readonly data: number };
} = Deno.build.arch === "x86_64"
  ? { header: "sys/epoll.h", type: "struct epoll_event", size: 12, offsets: { events: 0, data: 4 } }
  : { header: "sys/epoll.h", type: "struct epoll_event", size: 16, offsets: { events: 0, data: 8 } };

/** `struct pollfd`. */
export const POLLFD = {
  header: "poll.h",
  type: "struct pollfd",
  size: 8,
  offsets: { fd: 0, events: 4, revents: 6 },
} as const satisfies StructLayout;

/** `struct timespec`: seconds and nanoseconds. */
export const TIMESPEC = {
  header: "time.h",
  type: "struct timespec",
  size: 16,
  offsets: { tv_sec: 0, tv_nsec: 8 },
} as const satisfies StructLayout;

/** `struct rusage`: times as `struct timeval`, two longs each, and counts as longs. */
export const RUSAGE = {
  header: "sys/resource.h",
  type: "struct rusage",
  size: 144,
  offsets: { ru_utime: 0, ru_stime: 16, ru_nvcsw: 128, ru_nivcsw: 136 },
} as const satisfies StructLayout;

/** `cpu_set_t`: a bit per CPU, 1,024 of them. */
export const CPU_SET = {
  header: "sched.h",
  type: "cpu_set_t",
  size: 128,
  offsets: {},
} as const satisfies StructLayout;

/** The number of the `perf_event_open` system call; <asm/unistd.h> __NR_perf_event_open. libc has no wrapper. */
export const NR_PERF_EVENT_OPEN: bigint = Deno.build.arch === "x86_64" ? 298n : 241n;

/** The number of the `membarrier` system call; <asm/unistd.h> __NR_membarrier. libc has no wrapper. */
export const NR_MEMBARRIER: bigint = Deno.build.arch === "x86_64" ? 324n : 283n;
