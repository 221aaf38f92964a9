/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the tracer's forwarder and its reader share; src/abi/trace.ts mirrors it.
 */
#ifndef EVENTPIPE_TRACE_H
#define EVENTPIPE_TRACE_H

#include "event.h"

#define TRACE_COMM 16
#define TRACE_DATA_MAX 4096	/* bytes of a tracepoint's record behind its common fields */
#define TRACE_DATA_LOCS 8	/* __data_loc words of a record */
#define TRACE_STRINGS 2		/* user strings of a system call */
#define TRACE_STRING_MAX 512	/* the slot of one; its NUL included, a string has at most one byte less */
#define TRACE_SYSCALLS 512	/* numbers of system calls */
#define TRACE_MAX_ERRNO 128

/* Flags of an event. */
#define TRACE_TRUNCATED 1	/* the record was longer than TRACE_DATA_MAX */
#define TRACE_UNREADABLE 2	/* the record could not be read */
#define TRACE_NO_RETURN 4	/* a system call that does not come back: ret means nothing */

/* Flags of a system call. */
#define SYSCALL_PAIR 1
#define SYSCALL_ENTER 2
#define SYSCALL_EXIT 4
#define SYSCALL_NO_RETURN 8

/* An event: this, the record from its byte 8 on, and the slots of its strings. */
struct trace_event {
	struct event head;	/* time_ns: when it happened, for a pair when the call ended */
	__u32 pid;		/* of the process */
	__u32 tid;		/* of the thread */
	char comm[TRACE_COMM];
	__u32 record_bytes;	/* true length of the record behind this struct */
	__u32 flags;
	__u64 start_ns;		/* pairs: when the call began */
	__s16 string_bytes[4];	/* per string its length with the NUL, or -errno; two are used */
};

#define TRACE_EVENT_BYTES (sizeof(struct trace_event) - EVENT_PAYLOAD_OFFSET)

/* The record of a pair. Its beginning is the record of sys_enter_NAME from byte 8 on. */
struct syscall_record {
	__u32 nr;
	__u32 reserved;
	__u64 args[6];
	__s64 ret;
};

#define SYSCALL_ENTER_BYTES 56
#define SYSCALL_EXIT_BYTES 16

/* What `forward` knows of a category. */
struct trace_target {
	__u32 record_bytes;	/* static length of the record, common fields included */
	__u32 data_locs;	/* how many __data_loc words it has */
	__u32 data_loc[TRACE_DATA_LOCS];	/* where they stand */
};

/* What `enter` and `leave` know of a system call. */
struct syscall_target {
	__u32 flags;
	__u32 pair_category;
	__u32 enter_category;
	__u32 exit_category;
	__u32 string_args[TRACE_STRINGS];	/* indexes of arguments that are user strings; 6 for none */
};

struct trace_counters {
	__u64 produced;		/* calls of the output helper */
	__u64 pairs_lost;	/* system calls whose beginning found no room */
	__u64 refused[TRACE_MAX_ERRNO];	/* outputs refused with -errno */
};

#endif
