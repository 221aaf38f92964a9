/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the programs in C that wait for events share. wait.c has main(): it loads the generator, waits, reads and answers on
 * stdout; each reader is a file of its own with the functions declared last. The protocol is told in wait_protocol.ts.
 */
#ifndef EVENTPIPE_WAIT_H
#define EVENTPIPE_WAIT_H

#include <linux/types.h>
#include <stddef.h>

#define WAIT_POLL_MS 10		/* events below the threshold get this old at the most */

struct wait_config {
	int cpu;			/* events are emitted on */
	size_t ring_bytes;
	__u32 wakeup_events;
	__u32 watermark_bytes;		/* 0: wakeup_events counts */
};

/* Every reader gives each event's payload, from its category on, to this. */
void wait_deliver(const void *payload);

/* To be defined by the reader. */
extern const char *const reader_map;		/* the generator's map it reads: "events" or "ring" */
extern const char *const reader_program;	/* the generator's program that emits into it */
void reader_open(const struct wait_config *config, int map_fd);
int reader_poll(int timeout_ms);		/* sleeps and reads; 0 if nobody woke it */
void reader_consume(void);

#endif
