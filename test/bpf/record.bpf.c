/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the tests of recordings emit: events of calls of dup, into both kinds of rings; outputs that are too long for a
 * perf ring; and records of a BPF ring buffer of which some are taken back. on_dup attaches by its section, the others are
 * run by BPF_PROG_TEST_RUN.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "event.h"

/* The tests call dup with numbers from here on, which are no files. */
#define FIRST_DUP 1000000
#define CATEGORIES 3
#define MAX_BYTES 80000

/* /sys/kernel/tracing/events/syscalls/sys_enter_dup/format */
struct dup_args {
	__u64 common;
	__s64 nr;
	__u64 fildes;
};

struct dup_event {
	struct event head;
	__u64 fildes;
};

struct payload {
	__u8 bytes[MAX_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct payload);
} payload SEC(".maps");

SEC("tp/syscalls/sys_enter_dup")
int on_dup(struct dup_args *ctx)
{
	struct dup_event e = {};

	if (ctx->fildes < FIRST_DUP)
		return 1;
	e.head.size = sizeof(e) - EVENT_PAYLOAD_OFFSET;
	e.head.category = ctx->fildes % CATEGORIES;
	e.head.time_ns = bpf_ktime_get_ns();
	e.fildes = ctx->fildes;
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &e.head.category, sizeof(e) - EVENT_PAYLOAD_OFFSET);
	bpf_ringbuf_output(&calls, &e, sizeof(e), 0);
	return 1;
}

/* args[0]: how many bytes of the payload to output. */
SEC("raw_tp")
int oversize(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 size = ctx->args[0];
	__u32 zero = 0;
	struct payload *bytes = bpf_map_lookup_elem(&payload, &zero);

	if (!bytes || size < 1 || size > MAX_BYTES)
		return 1;
	return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, bytes, size);
}

/* args[0]: the number of the event; every fourth is taken back. */
SEC("raw_tp")
int call(struct bpf_raw_tracepoint_args *ctx)
{
	struct dup_event *e = bpf_ringbuf_reserve(&calls, sizeof(*e), 0);

	if (!e)
		return 1;
	e->head.size = sizeof(*e) - EVENT_PAYLOAD_OFFSET;
	e->head.category = ctx->args[0] % CATEGORIES;
	e->head.time_ns = bpf_ktime_get_ns();
	e->fildes = ctx->args[0];
	if (ctx->args[0] % 4 == 3)
		bpf_ringbuf_discard(e, 0);
	else
		bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
