/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Waits with libbpf's reader of perf rings.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include "rig.h"
#include "wait.h"

#define PAGE_BYTES 4096

const char *const reader_map = "events";
const char *const reader_program = "fill_perf";

static struct perf_buffer *buffer;

static enum bpf_perf_event_ret on_record(void *ctx, int cpu, struct perf_event_header *header)
{
	/* A sample of PERF_SAMPLE_RAW: header, u32 size, payload. */
	if (header->type == PERF_RECORD_SAMPLE)
		wait_deliver((const char *)header + sizeof(*header) + sizeof(__u32));
	return LIBBPF_PERF_EVENT_CONT;
}

void reader_open(const struct wait_config *config, int map_fd)
{
	struct perf_event_attr attr;
	int cpu = config->cpu;
	LIBBPF_OPTS(perf_buffer_raw_opts, options, .cpu_cnt = 1, .cpus = &cpu, .map_keys = &cpu);

	rig_attr(&attr, config->wakeup_events, config->watermark_bytes);
	buffer = perf_buffer__new_raw(map_fd, config->ring_bytes / PAGE_BYTES, &attr, on_record, NULL, &options);
	if (!buffer)
		rig_fail("open the perf buffer", errno);
}

int reader_poll(int timeout_ms)
{
	int result = perf_buffer__poll(buffer, timeout_ms);

	if (result < 0 && result != -EINTR)
		rig_fail("read the perf buffer", -result);
	return result > 0;
}

void reader_consume(void)
{
	int error = perf_buffer__consume(buffer);

	if (error < 0)
		rig_fail("read the perf buffer", -error);
}
