/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * libbpf's reader of BPF ring buffers.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include "peer.h"
#include "rig.h"

const char *const reader_map = "ring";
const char *const reader_program = "fill_ringbuf";

static struct ring_buffer *buffer;

static int on_sample(void *ctx, void *data, size_t size)
{
	peer_deliver((const char *)data + sizeof(__u32));	/* struct event begins with its size */
	return 0;
}

void reader_open(const struct peer_config *config, int map_fd)
{
	if (config->rings != 1)
		rig_fail("read several rings: a map is one", EINVAL);
	buffer = ring_buffer__new(map_fd, on_sample, NULL, NULL);
	if (!buffer)
		rig_fail("open the ring buffer", errno);
}

void reader_consume(void)
{
	int result = ring_buffer__consume(buffer);

	if (result < 0)
		rig_fail("consume the ring buffer", -result);
}
