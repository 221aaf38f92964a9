/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Emits events at a fixed rate on its CPU, by the program of whoever waits for them: `emit.c CPU`, then on each line of its
 * stdin `emit PROGRAM EVENTS BURST INTERVAL_NS SEED`, a burst at each interval; it answers with how many bursts came later
 * than the next one was due and how many events the kernel refused. It is one program for all that wait, so none has a generator of its own to be slowed by.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "rig.h"

#define PAYLOAD_BYTES 32
#define BEGIN_NS 3000000	/* who was asked to wait before us does so by then */

static void emit(int program_fd, unsigned long events, unsigned long burst, __u64 interval_ns, __u64 seed)
{
	struct fill_request request = {
		.count = burst,
		.seed = seed,
		.categories = 1,
		.payload_bytes = PAYLOAD_BYTES,
		.payload_steps = 1,
	};
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &request, .ctx_size_in = sizeof(request));
	__u64 planned = rig_ns(CLOCK_MONOTONIC) + BEGIN_NS;
	unsigned long late = 0, refused = 0;

	for (request.sequence = 0; request.sequence < events; request.sequence += burst, planned += interval_ns) {
		__u64 now = rig_ns(CLOCK_MONOTONIC);
		int error;

		if (now > planned + interval_ns)
			late++;
		while (now < planned)
			now = rig_ns(CLOCK_MONOTONIC);
		error = bpf_prog_test_run_opts(program_fd, &options);
		if (error)
			rig_fail("run the generator", -error);
		refused += options.retval;
	}
	printf("{\"late\":%lu,\"refused\":%lu}\n", late, refused);
}

int main(int argc, char **argv)
{
	char line[128];

	rig_begin();
	if (argc != 2)
		rig_fail("read the arguments", EINVAL);
	rig_pin(rig_number(argv[1]));
	printf("{\"ready\":true}\n");
	while (fgets(line, sizeof(line), stdin)) {
		unsigned long events, burst;
		unsigned long long interval_ns, seed;
		unsigned int id;
		int program_fd;

		if (sscanf(line, "emit %u %lu %lu %llu %llu", &id, &events, &burst, &interval_ns, &seed) != 5 ||
		    burst < 1 || burst > EVENTS_PER_RUN)
			rig_fail("understand the request", EINVAL);
		program_fd = bpf_prog_get_fd_by_id(id);
		if (program_fd < 0)
			rig_fail("find the program", errno);
		emit(program_fd, events, burst, interval_ns, seed);
		close(program_fd);
	}
	return 0;
}
