/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * libbpf's reader of perf rings. perf_buffer__new_raw, since only that takes wake-up settings in libbpf 1.1.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include "peer.h"
#include "rig.h"

#define PAGE_BYTES 4096
#define MAX_RINGS 256

const char *const reader_map = "events";
const char *const reader_program = "fill_perf";

static struct perf_buffer *buffer;

static enum bpf_perf_event_ret on_record(void *ctx, int cpu, struct perf_event_header *header)
{
	/* A sample of PERF_SAMPLE_RAW: header, u32 size, payload. */
	if (header->type == PERF_RECORD_SAMPLE)
		peer_deliver((const char *)header + sizeof(*header) + sizeof(__u32));
	return LIBBPF_PERF_EVENT_CONT;
}

void reader_open(const struct peer_config *config, int map_fd)
{
	struct perf_event_attr attr;
	int cpus[MAX_RINGS], keys[MAX_RINGS];
	LIBBPF_OPTS(perf_buffer_raw_opts, options, .cpu_cnt = config->rings, .cpus = cpus, .map_keys = keys);

	rig_attr(&attr, NEVER_WAKE, 0);
	if (config->rings > MAX_RINGS)
		rig_fail("have more than 256 rings", EINVAL);
	/* The generator fills the ring in the slot of its CPU. */
	for (unsigned int i = 0; i < config->rings; i++) {
		cpus[i] = config->producer_cpu;
		keys[i] = config->rings == 1 ? config->producer_cpu : (int)i;
	}
	buffer = perf_buffer__new_raw(map_fd, config->ring_bytes / PAGE_BYTES, &attr, on_record, NULL, &options);
	if (!buffer)
		rig_fail("open the perf buffer", errno);
}

void reader_consume(void)
{
	int error = perf_buffer__consume(buffer);

	if (error < 0)
		rig_fail("consume the perf buffer", -error);
}
