/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Waits for events with libbpf's perf_buffer, by epoll or by looking all the time, as wait_protocol.ts tells. The events are
 * emitted by emit.c on another CPU.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rig.h"

#define PAGE_BYTES 4096
#define RAW_OFFSET 12			/* of the payload in a sample: header, u32 size */
#define TIME_OFFSET 4			/* bpf: struct event, from category on */
#define SEQUENCE_OFFSET 12
#define VALUE_OFFSET 20
#define RING_BYTES 4096			/* of the generator's BPF ring buffer, which is not used */
#define POLL_MS 50			/* events below the threshold get this old at the most */
#define IDLE_NS 1000000000ULL		/* so long without an event, and the rest was lost */
#define LOOKS_PER_CLOCK 1024

static unsigned long seen, kept, capacity;
static __u64 *samples;
static __u64 sum;

static enum bpf_perf_event_ret on_record(void *ctx, int cpu, struct perf_event_header *header)
{
	const char *payload = (const char *)header + RAW_OFFSET;
	__u64 time, sequence;
	__u32 value;

	if (header->type != PERF_RECORD_SAMPLE)
		return LIBBPF_PERF_EVENT_CONT;
	seen++;
	if (kept < capacity) {
		memcpy(&time, payload + TIME_OFFSET, sizeof(time));
		samples[kept++] = rig_ns(CLOCK_MONOTONIC) - time;
	}
	memcpy(&value, payload + VALUE_OFFSET, sizeof(value));
	memcpy(&sequence, payload + SEQUENCE_OFFSET, sizeof(sequence));
	sum += value + sequence;
	return LIBBPF_PERF_EVENT_CONT;
}

static void sleep_and_read(struct perf_buffer *buffer)
{
	int result = perf_buffer__poll(buffer, POLL_MS);

	/* Too few events to wake us are read all the same. */
	if (result == 0)
		result = perf_buffer__consume(buffer);
	if (result < 0 && result != -EINTR)
		rig_fail("read the perf buffer", -result);
}

static void look_and_read(struct perf_buffer *buffer, unsigned long events)
{
	for (int i = 0; i < LOOKS_PER_CLOCK && seen < events; i++) {
		int result = perf_buffer__consume(buffer);

		if (result < 0)
			rig_fail("read the perf buffer", -result);
	}
}

static void wait_for(struct perf_buffer *buffer, unsigned long events, int is_busy)
{
	unsigned long last = seen;
	__u64 end = rig_ns(CLOCK_MONOTONIC) + IDLE_NS;

	while (seen < events) {
		if (is_busy)
			look_and_read(buffer, events);
		else
			sleep_and_read(buffer);
		if (seen != last)
			end = rig_ns(CLOCK_MONOTONIC) + IDLE_NS;
		else if (rig_ns(CLOCK_MONOTONIC) > end)
			return;
		last = seen;
	}
}

static void answer(__u64 ns, __u64 cpu_ns)
{
	printf("{\"events\":%lu,\"check\":%u,\"ns\":%llu,\"cpuNs\":%llu,\"samples\":[", seen, (__u32)sum, ns, cpu_ns);
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

static struct perf_buffer *open_buffer(struct bpf_object *object, int cpu, size_t ring_bytes, __u32 wakeup_events)
{
	struct perf_event_attr attr;
	LIBBPF_OPTS(perf_buffer_raw_opts, options, .cpu_cnt = 1, .cpus = &cpu, .map_keys = &cpu);
	struct perf_buffer *buffer;

	rig_attr(&attr, wakeup_events);
	buffer = perf_buffer__new_raw(bpf_object__find_map_fd_by_name(object, "events"), ring_bytes / PAGE_BYTES,
				      &attr, on_record, NULL, &options);
	if (!buffer)
		rig_fail("open the perf buffer", errno);
	return buffer;
}

int main(int argc, char **argv)
{
	struct bpf_program *program;
	struct perf_buffer *buffer;
	struct bpf_object *object;
	char line[128];
	int is_busy;

	rig_begin();
	if (argc != 7)
		rig_fail("read the arguments", EINVAL);
	rig_pin(rig_number(argv[3]));
	is_busy = strcmp(argv[6], "spin") == 0;
	object = rig_load(argv[1], RING_BYTES, 0);
	program = bpf_object__find_program_by_name(object, "fill_perf");
	if (!program)
		rig_fail("find the generator's program", ENOENT);
	buffer = open_buffer(object, rig_number(argv[2]), rig_number(argv[4]), rig_number(argv[5]));
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
		seen = kept = sum = 0;
		start = rig_ns(CLOCK_MONOTONIC);
		cpu_start = rig_ns(CLOCK_THREAD_CPUTIME_ID);
		wait_for(buffer, events, is_busy);
		answer(rig_ns(CLOCK_MONOTONIC) - start, rig_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_start);
	}
	return 0;	/* the kernel takes back rings, maps and programs */
}
