/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * An event for each system call of chosen processes, and exact counts of them: a storm that another process makes, and
 * that goes on while the reader stands still.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "event.h"

#define STORM_CATEGORIES 3	/* of which the reader knows two */

struct storm_event {
	struct event head;
	__u64 words[4];
};

struct storm_counters {
	__u64 produced;	/* calls of the output helper */
	__u64 full;	/* of these, refused with -ENOSPC */
	__u64 other;	/* of these, refused for another reason */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct storm_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u8);
} processes SEC(".maps");

SEC("raw_tp/sys_enter")
int storm(struct bpf_raw_tracepoint_args *ctx)
{
	struct storm_event event = {};
	struct storm_counters *counts;
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u32 zero = 0;
	long error;

	if (!bpf_map_lookup_elem(&processes, &pid))
		return 1;
	counts = bpf_map_lookup_elem(&counters, &zero);
	if (!counts)
		return 1;
	/* Another instance may run on this CPU in between, so the counts are atomic. */
	__sync_fetch_and_add(&counts->produced, 1);
	event.head.category = bpf_get_prandom_u32() % STORM_CATEGORIES;
	event.head.time_ns = bpf_ktime_get_ns();
	error = bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, (void *)&event + EVENT_PAYLOAD_OFFSET,
				      sizeof(event) - EVENT_PAYLOAD_OFFSET);
	if (error == -28)	/* ENOSPC */
		__sync_fetch_and_add(&counts->full, 1);
	else if (error)
		__sync_fetch_and_add(&counts->other, 1);
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
