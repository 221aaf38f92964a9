/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The common part of the programs in C that wait for events, as wait_protocol.ts tells; see wait.h. The events are emitted by
 * emit.c on another CPU.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rig.h"
#include "wait.h"

#define TIME_OFFSET 4			/* bpf: struct event, from category on */
#define SEQUENCE_OFFSET 12
#define VALUE_OFFSET 20
#define IDLE_NS 1000000000ULL		/* so long without an event, and the rest was lost */
#define LOOKS_PER_CLOCK 1024

static unsigned long seen, kept, capacity, wakeups;
static __u64 *samples;
static __u64 sum;

void wait_deliver(const void *payload)
{
	__u64 time, sequence;
	__u32 value;

	seen++;
	if (kept < capacity) {
		memcpy(&time, payload + TIME_OFFSET, sizeof(time));
		samples[kept++] = rig_ns(CLOCK_MONOTONIC) - time;
	}
	memcpy(&value, payload + VALUE_OFFSET, sizeof(value));
	memcpy(&sequence, payload + SEQUENCE_OFFSET, sizeof(sequence));
	sum += value + sequence;
}

static void sleep_and_read(void)
{
	if (reader_poll(WAIT_POLL_MS))
		wakeups++;
	else
		reader_consume();	/* too few events to wake us are read all the same */
}

static void look_and_read(unsigned long events)
{
	for (int i = 0; i < LOOKS_PER_CLOCK && seen < events; i++)
		reader_consume();
}

static void wait_for(unsigned long events, int is_busy)
{
	unsigned long last = seen;
	__u64 end = rig_ns(CLOCK_MONOTONIC) + IDLE_NS;

	while (seen < events) {
		if (is_busy)
			look_and_read(events);
		else
			sleep_and_read();
		if (seen != last)
			end = rig_ns(CLOCK_MONOTONIC) + IDLE_NS;
		else if (rig_ns(CLOCK_MONOTONIC) > end)
			return;
		last = seen;
	}
}

static void answer(__u64 ns, __u64 cpu_ns)
{
	printf("{\"events\":%lu,\"check\":%u,\"ns\":%llu,\"cpuNs\":%llu,\"wakeups\":%lu,\"samples\":[", seen, (__u32)sum,
	       ns, cpu_ns, wakeups);
	for (unsigned long i = 0; i < kept; i++)
		printf(i ? ",%llu" : "%llu", samples[i]);
	printf("]}\n");
}

static __u32 program_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		rig_fail("ask for the generator's number", errno);
	return info.id;
}

int main(int argc, char **argv)
{
	struct wait_config config;
	struct bpf_program *program;
	struct bpf_object *object;
	char line[128];
	int is_busy;

	rig_begin();
	if (argc != 8)
		rig_fail("read the arguments", EINVAL);
	config.cpu = rig_number(argv[2]);
	config.ring_bytes = rig_number(argv[4]);
	config.wakeup_events = rig_number(argv[5]);
	config.watermark_bytes = rig_number(argv[6]);
	rig_pin(rig_number(argv[3]));
	is_busy = strcmp(argv[7], "spin") == 0;
	object = rig_load(argv[1], config.ring_bytes, 0);
	program = bpf_object__find_program_by_name(object, reader_program);
	if (!program)
		rig_fail("find the generator's program", ENOENT);
	reader_open(&config, bpf_object__find_map_fd_by_name(object, reader_map));
	printf("{\"program\":%u}\n", program_id(bpf_program__fd(program)));
	while (fgets(line, sizeof(line), stdin)) {
		__u64 start, cpu_start;
		unsigned long events;

		if (sscanf(line, "wait %lu %lu", &events, &capacity) != 2)
			rig_fail("understand the request", EINVAL);
		samples = realloc(samples, (capacity + 1) * sizeof(*samples));
		if (!samples)
			rig_fail("keep samples", ENOMEM);
		memset(samples, 1, (capacity + 1) * sizeof(*samples));	/* its pages are there from now on */
		seen = kept = sum = wakeups = 0;
		start = rig_ns(CLOCK_MONOTONIC);
		cpu_start = rig_ns(CLOCK_THREAD_CPUTIME_ID);
		wait_for(events, is_busy);
		answer(rig_ns(CLOCK_MONOTONIC) - start, rig_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_start);
	}
	return 0;	/* the kernel takes back rings, maps and programs */
}
