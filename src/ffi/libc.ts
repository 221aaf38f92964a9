/**
 * The functions of libc this library calls, each with its C declaration, bound when first needed. Variadic
 * functions (`syscall`, `ioctl`) are declared once per use with fixed parameters: integer arguments are passed
 * alike on x86-64 and arm64 Linux.
 *
 * @module
 */

import { type Library, type LibraryTable, openLibrary } from "./library.ts";

const TABLE = {
  hot: {
    /** `ssize_t read(int fd, void *buf, size_t count)`. */
    read: {
      parameters: [
        "i32", // int fd
        "buffer", // void *buf
        "usize", // size_t count
      ],
      result: "isize",
    },
    /** `int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)`. */
    epoll_wait: {
      parameters: [
        "i32", // int epfd
        "pointer", // struct epoll_event *events
        "i32", // int maxevents
        "i32", // int timeout
      ],
      result: "i32",
    },
    /** The same on a thread of Deno's blocking pool. */
    epoll_wait_nonblocking: {
      name: "epoll_wait",
      nonblocking: true,
      parameters: [
        "i32", // int epfd
        "buffer", // struct epoll_event *events
        "i32", // int maxevents
        "i32", // int timeout
      ],
      result: "i32",
    },
    /** `int poll(struct pollfd *fds, nfds_t nfds, int timeout)`. */
    poll: {
      parameters: [
        "buffer", // struct pollfd *fds
        "u64", // nfds_t nfds
        "i32", // int timeout
      ],
      result: "i32",
    },
    /** The same on a thread of Deno's blocking pool. */
    poll_nonblocking: {
      name: "poll",
      nonblocking: true,
      parameters: [
        "buffer", // struct pollfd *fds
        "u64", // nfds_t nfds
        "i32", // int timeout
      ],
      result: "i32",
    },
    /** `epoll_ctl` for those who add and remove many files. */
    epoll_ctl_compiled: {
      name: "epoll_ctl",
      parameters: [
        "i32", // int epfd
        "i32", // int op
        "i32", // int fd
        "buffer", // struct epoll_event *event
      ],
      result: "i32",
    },
    /** `write` for those who write much. */
    write_compiled: {
      name: "write",
      parameters: [
        "i32", // int fd
        "buffer", // const void *buf
        "usize", // size_t count
      ],
      result: "isize",
    },
    /** `int clock_gettime(clockid_t clockid, struct timespec *tp)`. */
    clock_gettime: {
      parameters: [
        "i32", // clockid_t clockid
        "pointer", // struct timespec *tp
      ],
      result: "i32",
    },
  },
  cold: {
    /** `long syscall(long number, ...)` as `int perf_event_open(attr, pid, cpu, group_fd, flags)`. */
    perf_event_open: {
      name: "syscall",
      parameters: [
        "i64", // long number
        "buffer", // struct perf_event_attr *attr
        "i32", // pid_t pid
        "i32", // int cpu
        "i32", // int group_fd
        "u64", // unsigned long flags
      ],
      result: "i64",
    },
    /** `long syscall(long number, ...)` as `int membarrier(int cmd, unsigned int flags, int cpu_id)`. */
    membarrier: {
      name: "syscall",
      parameters: [
        "i64", // long number
        "i32", // int cmd
        "u32", // unsigned int flags
        "i32", // int cpu_id
      ],
      result: "i64",
    },
    /** `int ioctl(int fd, unsigned long request, ...)`. */
    ioctl: {
      parameters: [
        "i32", // int fd
        "u64", // unsigned long request
        "u64", // unsigned long argument
      ],
      result: "i32",
    },
    /** `void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)`. */
    mmap: {
      parameters: [
        "pointer", // void *addr
        "usize", // size_t length
        "i32", // int prot
        "i32", // int flags
        "i32", // int fd
        "i64", // off_t offset
      ],
      result: "pointer",
    },
    /** `int munmap(void *addr, size_t length)`. */
    munmap: {
      parameters: [
        "pointer", // void *addr
        "usize", // size_t length
      ],
      result: "i32",
    },
    /** `int open(const char *pathname, int flags, ...)`, for reading only, so without a mode. */
    open: {
      parameters: [
        "buffer", // const char *pathname
        "i32", // int flags
      ],
      result: "i32",
    },
    /** `ssize_t write(int fd, const void *buf, size_t count)`. */
    write: {
      parameters: [
        "i32", // int fd
        "buffer", // const void *buf
        "usize", // size_t count
      ],
      result: "isize",
    },
    /** `int fcntl(int fd, int op, ...)` with an integer argument. */
    fcntl: {
      parameters: [
        "i32", // int fd
        "i32", // int op
        "i32", // int argument
      ],
      result: "i32",
    },
    /** `int close(int fd)`. */
    close: {
      parameters: [
        "i32", // int fd
      ],
      result: "i32",
    },
    /** `int epoll_create1(int flags)`. */
    epoll_create1: {
      parameters: [
        "i32", // int flags
      ],
      result: "i32",
    },
    /** `int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)`. */
    epoll_ctl: {
      parameters: [
        "i32", // int epfd
        "i32", // int op
        "i32", // int fd
        "buffer", // struct epoll_event *event
      ],
      result: "i32",
    },
    /** `int eventfd(unsigned int initval, int flags)`. */
    eventfd: {
      parameters: [
        "u32", // unsigned int initval
        "i32", // int flags
      ],
      result: "i32",
    },
    /** `int epoll_create(int size)`. */
    epoll_create: {
      parameters: [
        "i32", // int size
      ],
      result: "i32",
    },
    /** `int pipe2(int pipefd[2], int flags)`. */
    pipe2: {
      parameters: [
        "buffer", // int pipefd[2]
        "i32", // int flags
      ],
      result: "i32",
    },
    /** `int socketpair(int domain, int type, int protocol, int sv[2])`. */
    socketpair: {
      parameters: [
        "i32", // int domain
        "i32", // int type
        "i32", // int protocol
        "buffer", // int sv[2]
      ],
      result: "i32",
    },
    /** `int shutdown(int sockfd, int how)`. */
    shutdown: {
      parameters: [
        "i32", // int sockfd
        "i32", // int how
      ],
      result: "i32",
    },
    /** `int memfd_create(const char *name, unsigned int flags)`. */
    memfd_create: {
      parameters: [
        "buffer", // const char *name
        "u32", // unsigned int flags
      ],
      result: "i32",
    },
    /** `int dup(int oldfd)`. */
    dup: {
      parameters: [
        "i32", // int oldfd
      ],
      result: "i32",
    },
    /** `int dup2(int oldfd, int newfd)`. */
    dup2: {
      parameters: [
        "i32", // int oldfd
        "i32", // int newfd
      ],
      result: "i32",
    },
    /** `ssize_t getdents64(int fd, void *dirp, size_t count)`, of glibc 2.30. */
    getdents64: {
      parameters: [
        "i32", // int fd
        "buffer", // void *dirp
        "usize", // size_t count
      ],
      result: "isize",
    },
    /**
     * `long syscall(long number, ...)` as `int setresuid(uid_t ruid, uid_t euid, uid_t suid)`. As a system call it changes
     * one thread; libc's function changes all of them.
     */
    setresuid_of_thread: {
      name: "syscall",
      parameters: [
        "i64", // long number
        "u32", // uid_t ruid
        "u32", // uid_t euid
        "u32", // uid_t suid
      ],
      result: "i64",
    },
    /** `int sched_setaffinity(pid_t pid, size_t cpusetsize, const cpu_set_t *mask)`. */
    sched_setaffinity: {
      parameters: [
        "i32", // pid_t pid
        "usize", // size_t cpusetsize
        "buffer", // const cpu_set_t *mask
      ],
      result: "i32",
    },
    /** `int sched_getaffinity(pid_t pid, size_t cpusetsize, cpu_set_t *mask)`. */
    sched_getaffinity: {
      parameters: [
        "i32", // pid_t pid
        "usize", // size_t cpusetsize
        "buffer", // cpu_set_t *mask
      ],
      result: "i32",
    },
    /** `int getrusage(int who, struct rusage *usage)`. */
    getrusage: {
      parameters: [
        "i32", // int who
        "buffer", // struct rusage *usage
      ],
      result: "i32",
    },
    /** `long sysconf(int name)`. */
    sysconf: {
      parameters: [
        "i32", // int name
      ],
      result: "i64",
    },
    /** `int *__errno_location(void)`: where this thread's errno stands. */
    __errno_location: {
      parameters: [],
      result: "pointer",
    },
  },
} as const satisfies LibraryTable;

/** The bound functions of libc. */
export type Libc = Library<typeof TABLE>;

/** The library's file name. */
export const LIBC = "libc.so.6";

let bound: Libc | undefined;

// Lifetime: errno's address belongs to the thread, an isolate stays on its thread, and each Worker evaluates
// this module anew; so the view is right for as long as it can be reached.
let errnoCell: Int32Array | undefined;

/**
 * The functions of libc, bound at the first call.
 *
 * @returns The bound functions; the same object at every call.
 */
export function libc(): Libc {
  return bound ?? bind();
}

function bind(): Libc {
  const opened = openLibrary(LIBC, TABLE, "eventpipe's kernel source needs Linux with glibc");
  errnoCell = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(opened.__errno_location()!, 4));
  bound = opened;
  return bound;
}

/**
 * This thread's errno. Deno has no way to capture it with a call, so read it in the very next expression after
 * the failing call, before anything allocates, logs or awaits: a garbage collection in between overwrites it.
 * Calls of libbpf set it as those of libc do.
 *
 * @returns The positive error number of the last failing call; 0 before the first call of any library.
 */
export function errno(): number {
  return errnoCell?.[0] ?? 0;
}
