/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the peers in C share. peer.c has main(): it loads the generator, fills the ring, times the reader and answers on
 * stdout; each reader is a file of its own with the functions declared last. The protocol is told in protocol.ts.
 */
#ifndef EVENTPIPE_PEER_H
#define EVENTPIPE_PEER_H

#include <linux/types.h>
#include <string.h>

struct peer_config {
	const char *object;		/* path of fill.bpf.o */
	int producer_cpu;
	int consumer_cpu;
	size_t ring_bytes;
	unsigned int payload_bytes;	/* of the shortest events */
	unsigned int payload_steps;
	unsigned int handlers;		/* 0: add up the categories in the reader's callback */
	unsigned int events;		/* per fill */
	unsigned int rings;		/* of the producer's CPU; one of them is filled */
};

/* What was read so far. */
struct peer_sums {
	__u64 events;
	__u64 check;
};

/* What a handler adds up: one u32 and one u64 of each event. */
struct peer_handler_sums {
	__u64 u32s;
	__u64 u64s;
};

typedef void (*peer_handler)(const void *payload);

extern struct peer_sums peer_sums;
extern peer_handler peer_table[];
extern unsigned int peer_handlers;

static inline __u32 peer_u32(const void *at)
{
	__u32 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* Every reader gives each event's payload, from its category on, to this. */
static inline void peer_deliver(const void *payload)
{
	__u32 category = peer_u32(payload);

	peer_sums.events++;
	if (peer_handlers == 0)
		peer_sums.check += category;
	else if (category < peer_handlers)
		peer_table[category](payload);
}

/* To be defined by the reader. */
extern const char *const reader_map;		/* the generator's map it reads: "events" or "ring" */
extern const char *const reader_program;	/* the generator's program that fills it */
void reader_open(const struct peer_config *config, int map_fd);
void reader_consume(void);

#endif
