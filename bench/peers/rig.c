/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What all programs in C here need; see rig.h.
 */
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rig.h"

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

void rig_begin(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	libbpf_set_print(quiet);
}

_Noreturn void rig_fail(const char *what, int error)
{
	printf("{\"error\":\"Cannot %s: %s\"}\n", what, strerror(error));
	exit(1);
}

unsigned long rig_number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text == 0 || *end != 0)
		rig_fail("read the arguments", EINVAL);
	return value;
}

void rig_attr(struct perf_event_attr *attr, __u32 wakeup_events, __u32 watermark)
{
	*attr = (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(*attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_events = wakeup_events,
	};
	if (watermark) {
		attr->watermark = 1;
		attr->wakeup_watermark = watermark;	/* in a union with wakeup_events */
	}
}

void rig_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		rig_fail("pin the program to its CPU", errno);
}

__u64 rig_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

struct bpf_object *rig_load(const char *path, size_t ring_bytes, unsigned int slots)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_map *ring, *events;
	int error;

	if (!object)
		rig_fail("open the generator", errno);
	ring = bpf_object__find_map_by_name(object, "ring");
	events = bpf_object__find_map_by_name(object, "events");
	if (!ring || !events)
		rig_fail("find the generator's maps", ENOENT);
	bpf_map__set_max_entries(ring, ring_bytes);
	bpf_map__set_max_entries(events, slots);	/* libbpf makes one per CPU of 0 */
	error = bpf_object__load(object);
	if (error)
		rig_fail("load the generator", -error);
	return object;
}
