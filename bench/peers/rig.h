/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What all programs in C here need: errors as lines of JSON, CPUs, clocks, the generator.
 */
#ifndef EVENTPIPE_RIG_H
#define EVENTPIPE_RIG_H

#include <linux/types.h>
#include <stddef.h>
#include <time.h>

#define NEVER_WAKE 0x7fffffff	/* for wakeup_events where nobody waits */
#define EVENTS_PER_RUN 2000	/* interrupts are off during a run */

struct fill_request {		/* as in fill.bpf.c */
	__u64 count;
	__u64 sequence;
	__u64 seed;
	__u64 categories;
	__u64 payload_bytes;
	__u64 payload_steps;
	__u64 wake_bytes;
};

struct bpf_object;
struct perf_event_attr;

/* The event of a ring that bpf_perf_event_output writes raw samples into; a watermark in bytes counts if it is not 0. */
void rig_attr(struct perf_event_attr *attr, __u32 wakeup_events, __u32 watermark);

/* Lines go out as they are written, and libbpf says what goes wrong on stderr. */
void rig_begin(void);

/* Says {"error": ...} and ends the program. */
_Noreturn void rig_fail(const char *what, int error);

/* A whole number from 0, or the end of the program. */
unsigned long rig_number(const char *text);

void rig_pin(int cpu);
__u64 rig_ns(clockid_t clock);

/* Loads fill.bpf.o; its event array has a slot per CPU if slots is 0. */
struct bpf_object *rig_load(const char *path, size_t ring_bytes, unsigned int slots);

#endif
