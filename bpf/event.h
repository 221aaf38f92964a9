/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The wire format: what every event that names a category begins with. src/abi/event.ts mirrors it.
 *
 * A BPF ringbuf carries the struct whole. A perf ring carries it from `category` on, because the kernel writes its
 * own u32 size in front of a raw sample. So in both rings the category stands 12 bytes behind the start of the
 * record, and the u64 fields stand at multiples of 8.
 */
#ifndef EVENTPIPE_EVENT_H
#define EVENTPIPE_EVENT_H

struct event {
	__u32 size;	/* ringbuf only: bytes from category on */
	__u32 category;	/* index of the handler, in order of registration */
	__u64 time_ns;	/* bpf_ktime_get_ns() when the event was emitted */
};

/* What the load generator emits: an event with the proof of its identity. */
struct load_event {
	struct event head;
	__u64 sequence;		/* 0, 1, 2, ... per producer, so per CPU */
	__u64 planned_ns;	/* when the open loop wanted it emitted; time_ns when saturating */
	__u32 payload_bytes;	/* true length from category on; the ring pads */
	__u32 reserved;		/* 0; the words of the filled payload begin behind it */
};

/* The ring's payload begins at category. */
#define EVENT_PAYLOAD_OFFSET 4
/* The shortest payload the generator emits. */
#define LOAD_PAYLOAD_MIN 32

#endif
