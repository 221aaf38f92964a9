/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The load generator: emits an exact number of events of one category and payload size into a perf event array, and
 * counts what it emitted and what the helper refused, by errno.
 *
 * It is never attached. BPF_PROG_TEST_RUN runs it on the calling thread's CPU with `struct load_request` as context
 * (src/abi/event.ts mirrors it). Preemption is off while it runs, so a request is short: LOAD_MAX_EVENTS at the most.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "event.h"

#define LOAD_MAX_EVENTS 2000
#define LOAD_MAX_PAYLOAD 65516
#define LOAD_MAX_ERRNO 128
#define LOAD_FILL 1
#define LOAD_OFFSETS 2
#define LOAD_MAX_OFFSETS 10

/* The context of one run: u64s, as the arguments of a raw tracepoint are, and all twelve that there can be. */
struct load_request {
	__u64 count;		/* events to emit, at most LOAD_MAX_EVENTS */
	__u64 category;
	__u64 payload_bytes;	/* from category on */
	__u64 sequence;		/* of the first event */
	__u64 planned_ns;	/* of the first event; 0 means when it is emitted */
	__u64 interval_ns;	/* between planned times */
	/*
	 * LOAD_FILL: fill the payload with words made from the sequence.
	 * LOAD_OFFSETS: each event has an offset, in place of the interval; then a run has at most LOAD_MAX_OFFSETS events.
	 */
	__u64 flags;
	__u32 offset_ns[LOAD_MAX_OFFSETS];	/* of each planned time from the first one's */
};

struct load_counters {
	__u64 produced;			/* calls of the output helper */
	__u64 refused[LOAD_MAX_ERRNO];	/* of these, refused with -errno; the last slot takes all higher ones */
};

struct load_scratch {
	struct load_event event;
	__u8 fill[LOAD_MAX_PAYLOAD + EVENT_PAYLOAD_OFFSET - sizeof(struct load_event)];
};

/* Its slots are filled by the reader; it is replaced by the reader's own map before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

/* One per CPU: producers on different CPUs do not meet. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct load_counters);
} counters SEC(".maps");

/*
 * One slot per CPU: an event can be 64 KiB, more than the stack or a per-CPU value may hold. The number of slots is set
 * before loading.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct load_scratch);
} scratch SEC(".maps");

struct load_run {
	void *ctx;
	struct load_scratch *scratch;
	struct load_counters *counters;
	__u64 category;
	__u64 payload_bytes;
	__u64 sequence;
	__u64 planned_ns;
	__u64 interval_ns;
	__u64 fill_words;
	__u64 has_offsets;
	__u32 offset_ns[LOAD_MAX_OFFSETS];
};

struct fill_run {
	struct load_scratch *scratch;
	__u64 sequence;
};

/* The word at each place depends on the event and on the place: a byte from anywhere else is found out. */
static long fill_word(__u32 index, struct fill_run *run)
{
	if (index >= sizeof(run->scratch->fill) / 8)
		return 1;
	*(__u64 *)(run->scratch->fill + index * 8) = run->sequence * 0x9e3779b97f4a7c15ULL + index;
	return 0;
}

static long emit(__u32 index, struct load_run *run)
{
	struct load_event *event = &run->scratch->event;
	__u64 size = run->payload_bytes;
	__u64 sequence = run->sequence + index;
	__u64 offset = index * run->interval_ns;
	__u64 now;
	long error;

	if (size < LOAD_PAYLOAD_MIN || size > LOAD_MAX_PAYLOAD)
		return 1;
	if (run->fill_words) {
		struct fill_run fill = { .scratch = run->scratch, .sequence = sequence };

		bpf_loop(run->fill_words, fill_word, &fill, 0);
	}
	if (run->has_offsets) {
		__u32 place = index;

		barrier_var(place);	/* what is compared is what is used, or the verifier does not see the bound */
		if (place >= LOAD_MAX_OFFSETS)
			return 1;
		offset = run->offset_ns[place];
	}
	event->head.category = run->category;
	event->sequence = sequence;
	event->payload_bytes = size;
	now = bpf_ktime_get_ns();
	event->head.time_ns = now;
	event->planned_ns = run->planned_ns ? run->planned_ns + offset : now;

	run->counters->produced++;
	error = bpf_perf_event_output(run->ctx, &events, BPF_F_CURRENT_CPU,
				      (void *)run->scratch + EVENT_PAYLOAD_OFFSET, size);
	if (error < 0) {
		__u64 slot = -error;

		if (slot >= LOAD_MAX_ERRNO)
			slot = LOAD_MAX_ERRNO - 1;
		run->counters->refused[slot]++;
	}
	return 0;
}

SEC("raw_tp")
int load(struct bpf_raw_tracepoint_args *ctx)
{
	struct load_request *request = (struct load_request *)ctx;
	__u32 zero = 0;
	__u32 cpu = bpf_get_smp_processor_id();
	struct load_run run = {
		.ctx = ctx,
		.category = request->category,
		.payload_bytes = request->payload_bytes,
		.sequence = request->sequence,
		.planned_ns = request->planned_ns,
		.interval_ns = request->interval_ns,
	};

	run.scratch = bpf_map_lookup_elem(&scratch, &cpu);
	run.counters = bpf_map_lookup_elem(&counters, &zero);
	if (!run.scratch || !run.counters)
		return 1;
	if (request->flags & LOAD_FILL)
		run.fill_words = (run.payload_bytes - LOAD_PAYLOAD_MIN) / 8;	/* the first begins at byte 36 */
	run.has_offsets = request->flags & LOAD_OFFSETS;
#pragma unroll
	for (int i = 0; i < LOAD_MAX_OFFSETS; i++)
		run.offset_ns[i] = request->offset_ns[i];
	bpf_loop(request->count, emit, &run, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
