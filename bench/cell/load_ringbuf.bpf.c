/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The load generator for a BPF ring buffer: bpf/load.bpf.c's events, asked for by the same `struct load_request`, so that
 * one producer drives both. How the reader is woken is decided here, since with this kind of ring programs decide it.
 *
 * Never attached. BPF_PROG_TEST_RUN runs it on the producer's CPU. Preemption is off while it runs, so a request is short.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "event.h"

#define LOAD_MAX_PAYLOAD 65516
#define LOAD_OFFSETS 2
#define LOAD_MAX_OFFSETS 10

enum { WAKE_ADAPTIVE, WAKE_NEVER, WAKE_BYTES };

/* Set before loading; wake_bytes is the watermark of WAKE_BYTES. */
const volatile __u32 wake_mode = WAKE_ADAPTIVE;
const volatile __u64 wake_bytes = 0;

struct load_request {
	__u64 count;
	__u64 category;
	__u64 payload_bytes;	/* from category on */
	__u64 sequence;		/* of the first event */
	__u64 planned_ns;	/* of the first event; 0 means when it is emitted */
	__u64 interval_ns;	/* between planned times */
	__u64 flags;		/* LOAD_OFFSETS: each event has an offset, in place of the interval */
	__u32 offset_ns[LOAD_MAX_OFFSETS];
};

struct load_scratch {
	struct load_event event;
	__u8 fill[LOAD_MAX_PAYLOAD + EVENT_PAYLOAD_OFFSET - sizeof(struct load_event)];
};

/* Its size is set before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

enum { PRODUCED, REFUSED, COUNTERS };

/* Events that were tried, and those of them that found no room. One per CPU: producers meet in the ring alone. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/* One slot per CPU; their number is set before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct load_scratch);
} scratch SEC(".maps");

struct load_run {
	struct load_scratch *scratch;
	__u64 *produced;
	__u64 *refused;
	__u64 category;
	__u64 payload_bytes;
	__u64 sequence;
	__u64 planned_ns;
	__u64 interval_ns;
	__u64 has_offsets;
	__u32 offset_ns[LOAD_MAX_OFFSETS];
};

static __always_inline __u64 wakeup_flags(void)
{
	if (wake_mode == WAKE_ADAPTIVE)
		return 0;
	if (wake_mode == WAKE_NEVER)
		return BPF_RB_NO_WAKEUP;
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= wake_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static long emit(__u32 index, struct load_run *run)
{
	struct load_event *event = &run->scratch->event;
	__u64 size = run->payload_bytes;
	__u64 offset = index * run->interval_ns;
	__u64 now;

	if (size < LOAD_PAYLOAD_MIN || size > LOAD_MAX_PAYLOAD)
		return 1;
	if (run->has_offsets) {
		__u32 place = index;

		barrier_var(place);	/* what is compared is what is used, or the verifier does not see the bound */
		if (place >= LOAD_MAX_OFFSETS)
			return 1;
		offset = run->offset_ns[place];
	}
	event->head.size = size;
	event->head.category = run->category;
	event->sequence = run->sequence + index;
	event->payload_bytes = size;
	now = bpf_ktime_get_ns();
	event->head.time_ns = now;
	event->planned_ns = run->planned_ns ? run->planned_ns + offset : now;

	(*run->produced)++;
	if (bpf_ringbuf_output(&events, run->scratch, size + EVENT_PAYLOAD_OFFSET, wakeup_flags()) < 0)
		(*run->refused)++;
	return 0;
}

SEC("raw_tp")
int load(struct bpf_raw_tracepoint_args *ctx)
{
	struct load_request *request = (struct load_request *)ctx;
	__u32 cpu = bpf_get_smp_processor_id();
	__u32 produced = PRODUCED;
	__u32 refused = REFUSED;
	struct load_run run = {
		.category = request->category,
		.payload_bytes = request->payload_bytes,
		.sequence = request->sequence,
		.planned_ns = request->planned_ns,
		.interval_ns = request->interval_ns,
	};

	run.scratch = bpf_map_lookup_elem(&scratch, &cpu);
	run.produced = bpf_map_lookup_elem(&counters, &produced);
	run.refused = bpf_map_lookup_elem(&counters, &refused);
	if (!run.scratch || !run.produced || !run.refused)
		return 1;
	run.has_offsets = request->flags & LOAD_OFFSETS;
#pragma unroll
	for (int i = 0; i < LOAD_MAX_OFFSETS; i++)
		run.offset_ns[i] = request->offset_ns[i];
	bpf_loop(request->count, emit, &run, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
