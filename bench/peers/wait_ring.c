/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Waits with libbpf's reader of BPF ring buffers, whose program decides when to wake it.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include "rig.h"
#include "wait.h"

const char *const reader_map = "ring";
const char *const reader_program = "wake_ringbuf";

static struct ring_buffer *buffer;

static int on_sample(void *ctx, void *data, size_t size)
{
	wait_deliver((const char *)data + sizeof(__u32));	/* struct event begins with its size */
	return 0;
}

void reader_open(const struct wait_config *config, int map_fd)
{
	buffer = ring_buffer__new(map_fd, on_sample, NULL, NULL);
	if (!buffer)
		rig_fail("open the ring buffer", errno);
}

int reader_poll(int timeout_ms)
{
	int result = ring_buffer__poll(buffer, timeout_ms);

	if (result < 0 && result != -EINTR)
		rig_fail("read the ring buffer", -result);
	return result > 0;
}

void reader_consume(void)
{
	int result = ring_buffer__consume(buffer);

	if (result < 0)
		rig_fail("read the ring buffer", -result);
}
