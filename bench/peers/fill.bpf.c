/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Fills the ring of a peer: an exact number of events whose categories and sizes are drawn from a seed, so that all
 * programs that are compared read the same events in the same order. `fill_perf` outputs into a perf event array,
 * `fill_ringbuf` into a BPF ring buffer, without waking anybody, and `wake_ringbuf` into it for those who wait.
 *
 * Never attached. BPF_PROG_TEST_RUN runs it on the producer's CPU with `struct fill_request` as context; it returns how
 * many events were refused, which is to be 0. Interrupts are off during a run, so a request is short.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "event.h"

#define FILL_MAX_PAYLOAD 4096
#define FILL_MIN_PAYLOAD 24

/* The context of one run: u64s, as the arguments of a raw tracepoint are. */
struct fill_request {
	__u64 count;		/* events to emit, at most 2000 */
	__u64 sequence;		/* of the first event */
	__u64 seed;
	__u64 categories;	/* drawn from 0 to this, exclusive */
	__u64 payload_bytes;	/* of the shortest events, from category on */
	__u64 payload_steps;	/* sizes: the shortest, 8 bytes more, ..., this many */
	__u64 wake_bytes;	/* wake_ringbuf only: wake the reader of so many unread bytes; 0: as the kernel sees fit */
};

struct fill_event {
	struct event head;
	__u64 sequence;
	__u32 value;		/* drawn too */
	__u8 rest[FILL_MAX_PAYLOAD - FILL_MIN_PAYLOAD];
};

struct fill_run {
	void *ctx;
	struct fill_event *event;
	struct fill_request request;
	__u64 refused;
};

/* Both are replaced by the maps of the reader, where it has its own, or get their sizes before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

/* One producer runs at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fill_event);
} scratch SEC(".maps");

/* splitmix64's mixing: neighbouring sequences share nothing. */
static __always_inline __u64 mix(__u64 word)
{
	word ^= word >> 30;
	word *= 0xbf58476d1ce4e5b9ULL;
	word ^= word >> 27;
	word *= 0x94d049bb133111ebULL;
	return word ^ word >> 31;
}

/* Draws the event; returns its size from category on, 0 if the request asks for too much. */
static __always_inline __u64 draw(__u32 index, struct fill_run *run)
{
	struct fill_request *request = &run->request;
	__u64 sequence = request->sequence + index;
	__u64 word = mix((request->seed << 32) + sequence * 0x9e3779b97f4a7c15ULL);
	__u64 size = request->payload_bytes + (word >> 48) % request->payload_steps * 8;
	struct fill_event *event = run->event;

	if (size < FILL_MIN_PAYLOAD || size > FILL_MAX_PAYLOAD)
		return 0;
	event->head.size = size;
	event->head.category = (__u16)word % request->categories;
	event->head.time_ns = bpf_ktime_get_ns();
	event->sequence = sequence;
	event->value = word >> 16;
	return size;
}

static long emit_perf(__u32 index, struct fill_run *run)
{
	__u64 size = draw(index, run);

	if (size < FILL_MIN_PAYLOAD || size > FILL_MAX_PAYLOAD)
		return 1;
	if (bpf_perf_event_output(run->ctx, &events, BPF_F_CURRENT_CPU,
				  (void *)run->event + EVENT_PAYLOAD_OFFSET, size))
		run->refused++;
	return 0;
}

static long emit_ringbuf(__u32 index, struct fill_run *run)
{
	__u64 size = draw(index, run);

	if (size < FILL_MIN_PAYLOAD || size > FILL_MAX_PAYLOAD)
		return 1;
	if (bpf_ringbuf_output(&ring, run->event, size + EVENT_PAYLOAD_OFFSET, BPF_RB_NO_WAKEUP))
		run->refused++;
	return 0;
}

/* As in a perf ring the watermark: once there is so much, each event wakes until the reader has come. */
static __always_inline __u64 wake_flags(__u64 size, __u64 wake_bytes)
{
	__u64 record = (BPF_RINGBUF_HDR_SZ + EVENT_PAYLOAD_OFFSET + size + 7) & ~7ULL;

	if (wake_bytes == 0)
		return 0;
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) + record >= wake_bytes ? BPF_RB_FORCE_WAKEUP
										   : BPF_RB_NO_WAKEUP;
}

static long emit_ringbuf_waking(__u32 index, struct fill_run *run)
{
	__u64 size = draw(index, run);

	if (size < FILL_MIN_PAYLOAD || size > FILL_MAX_PAYLOAD)
		return 1;
	if (bpf_ringbuf_output(&ring, run->event, size + EVENT_PAYLOAD_OFFSET,
			       wake_flags(size, run->request.wake_bytes)))
		run->refused++;
	return 0;
}

/* False if the request cannot be met. */
static __always_inline int prepare(struct bpf_raw_tracepoint_args *ctx, struct fill_run *run)
{
	struct fill_request *request = (struct fill_request *)ctx;
	__u32 zero = 0;

	run->ctx = ctx;
	run->refused = 0;
	run->request.count = request->count;
	run->request.sequence = request->sequence;
	run->request.seed = request->seed;
	run->request.categories = request->categories;
	run->request.payload_bytes = request->payload_bytes;
	run->request.payload_steps = request->payload_steps;
	run->event = bpf_map_lookup_elem(&scratch, &zero);
	return run->event && run->request.categories && run->request.payload_steps;
}

SEC("raw_tp")
int fill_perf(struct bpf_raw_tracepoint_args *ctx)
{
	struct fill_run run;

	if (!prepare(ctx, &run))
		return -1;
	if (bpf_loop(run.request.count, emit_perf, &run, 0) != run.request.count)
		return -1;
	return run.refused;
}

SEC("raw_tp")
int fill_ringbuf(struct bpf_raw_tracepoint_args *ctx)
{
	struct fill_run run;

	if (!prepare(ctx, &run))
		return -1;
	if (bpf_loop(run.request.count, emit_ringbuf, &run, 0) != run.request.count)
		return -1;
	return run.refused;
}

SEC("raw_tp")
int wake_ringbuf(struct bpf_raw_tracepoint_args *ctx)
{
	struct fill_run run;

	if (!prepare(ctx, &run))
		return -1;
	run.request.wake_bytes = ((struct fill_request *)ctx)->wake_bytes;
	if (bpf_loop(run.request.count, emit_ringbuf_waking, &run, 0) != run.request.count)
		return -1;
	return run.refused;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
