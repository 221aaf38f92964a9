/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Events in a BPF ring buffer: `reserve` reserves each, writes it in place and submits or discards it, `output` copies events
 * of any length, `hold` keeps a record reserved until it is told to submit it. Never attached; BPF_PROG_TEST_RUN runs them
 * with `struct ring_request` as context.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "event.h"

#define RING_MAX_BYTES 16384	/* of an event that is copied */

/* The context of one run: u64s, as the arguments of a raw tracepoint are. */
struct ring_request {
	__u64 count;		/* events to emit */
	__u64 category;
	__u64 data_bytes;	/* `output`: of each event, its leading size included */
	__u64 sequence;		/* of the first event */
	__u64 discards;		/* `reserve`: an event is discarded if the bit of its sequence modulo 64 is set */
	__u64 flags;		/* BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP */
	__u64 fill;		/* `output`: words to fill the payload with */
};

struct ring_scratch {
	struct load_event event;
	__u8 fill[RING_MAX_BYTES - sizeof(struct load_event)];
};

/* Its size is set, or it is replaced, before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

enum { PRODUCED, REFUSED, DISCARDED, COUNTERS };

/* One value per CPU: events that were tried, those of them that found no room, and those that were discarded. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/* What found no room once more, in one value for all CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} refused SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ring_scratch);
} scratch SEC(".maps");

enum { GATE_SHUT = 1, GATE_OPEN };

/* `hold` says that it holds a record, and is told to submit it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} gate SEC(".maps");

struct ring_run {
	struct ring_scratch *scratch;
	__u64 category;
	__u64 data_bytes;
	__u64 sequence;
	__u64 discards;
	__u64 flags;
	__u64 fill;
};

static void count(__u32 key)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &key);

	if (value)
		(*value)++;
}

static void refuse(void)
{
	__u32 zero = 0;
	__u64 *value = bpf_map_lookup_elem(&refused, &zero);

	count(REFUSED);
	if (value)
		__sync_fetch_and_add(value, 1);
}

static void describe(struct load_event *event, struct ring_run *run, __u64 sequence, __u64 data_bytes)
{
	event->head.size = data_bytes - EVENT_PAYLOAD_OFFSET;
	event->head.category = run->category;
	event->head.time_ns = bpf_ktime_get_ns();
	event->sequence = sequence;
	event->planned_ns = event->head.time_ns;
	event->payload_bytes = data_bytes - EVENT_PAYLOAD_OFFSET;
	event->reserved = 0;
}

static long reserve_one(__u32 index, struct ring_run *run)
{
	__u64 sequence = run->sequence + index;
	struct load_event *event;

	count(PRODUCED);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		refuse();
		return 0;
	}
	describe(event, run, sequence, sizeof(*event));
	if (run->discards >> (sequence & 63) & 1) {
		count(DISCARDED);
		bpf_ringbuf_discard(event, run->flags);
	} else {
		bpf_ringbuf_submit(event, run->flags);
	}
	return 0;
}

struct fill_run {
	struct ring_scratch *scratch;
	__u64 sequence;
};

/* The words of bpf/load.bpf.c. */
static long fill_word(__u32 index, struct fill_run *run)
{
	if (index >= sizeof(run->scratch->fill) / 8)
		return 1;
	*(__u64 *)(run->scratch->fill + index * 8) = run->sequence * 0x9e3779b97f4a7c15ULL + index;
	return 0;
}

static long output_one(__u32 index, struct ring_run *run)
{
	__u64 size = run->data_bytes;
	__u64 sequence = run->sequence + index;
	struct fill_run fill = { .scratch = run->scratch, .sequence = sequence };

	if (size > RING_MAX_BYTES)
		return 1;
	bpf_loop(run->fill, fill_word, &fill, 0);
	describe(&run->scratch->event, run, sequence, size);
	count(PRODUCED);
	if (bpf_ringbuf_output(&events, run->scratch, size, run->flags) < 0)
		refuse();
	return 0;
}

static int begin(struct ring_run *run, struct bpf_raw_tracepoint_args *ctx)
{
	struct ring_request *request = (struct ring_request *)ctx;
	__u32 zero = 0;

	run->scratch = bpf_map_lookup_elem(&scratch, &zero);
	run->category = request->category;
	run->data_bytes = request->data_bytes;
	run->sequence = request->sequence;
	run->discards = request->discards;
	run->flags = request->flags;
	run->fill = request->fill;
	return run->scratch ? request->count : 0;
}

SEC("raw_tp")
int reserve(struct bpf_raw_tracepoint_args *ctx)
{
	struct ring_run run = {};
	__u32 tries = begin(&run, ctx);

	bpf_loop(tries, reserve_one, &run, 0);
	return 0;
}

SEC("raw_tp")
int output(struct bpf_raw_tracepoint_args *ctx)
{
	struct ring_run run = {};
	__u32 tries = begin(&run, ctx);

	bpf_loop(tries, output_one, &run, 0);
	return 0;
}

static long look(__u32 index, __u64 **gate)
{
	return *(volatile __u64 *)*gate == GATE_OPEN;
}

static long look_long(__u32 index, __u64 **gate)
{
	bpf_loop(1 << 20, look, gate, 0);
	return *(volatile __u64 *)*gate == GATE_OPEN;
}

/* Waits for seconds at the most. */
SEC("raw_tp")
int hold(struct bpf_raw_tracepoint_args *ctx)
{
	struct ring_run run = {};
	struct load_event *event;
	__u32 zero = 0;
	__u64 *state = bpf_map_lookup_elem(&gate, &zero);

	begin(&run, ctx);
	if (!state)
		return 1;
	count(PRODUCED);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		refuse();
		return 1;
	}
	describe(event, &run, run.sequence, sizeof(*event));
	*(volatile __u64 *)state = GATE_SHUT;
	bpf_loop(1 << 10, look_long, &state, 0);
	bpf_ringbuf_submit(event, run.flags);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
