/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Emits events at a fixed rate on its CPU, by the program of whoever waits for them: `emit.c CPU`, then on each line of its
 * stdin `emit PROGRAM EVENTS BURST INTERVAL_NS WAKE_BYTES READER SEED`, a burst at each interval, back to back if that is 0,
 * and none before the process READER sleeps if that is not 0. It answers with how many bursts came later than the next one
 * was due, how many events the kernel refused, what a run of the program took for a burst, what it takes for no event left
 * out, and the time from when the first burst was due to the end of the last. It is one program for all that wait, so none
 * has a generator of its own to be slowed by.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "rig.h"

#define PAYLOAD_BYTES 32
#define EMPTY_RUNS 100
#define BEGIN_NS 3000000	/* who was asked to wait before us does so by then */

struct emission {
	unsigned long events;
	unsigned long burst;
	unsigned long long interval_ns;
	unsigned long long wake_bytes;
	unsigned int reader;
	unsigned long long seed;
};

static __u64 run(int program_fd, struct bpf_test_run_opts *options)
{
	__u64 start = rig_ns(CLOCK_MONOTONIC);
	int error = bpf_prog_test_run_opts(program_fd, options);

	if (error)
		rig_fail("run the generator", -error);
	return rig_ns(CLOCK_MONOTONIC) - start;
}

static int compare(const void *a, const void *b)
{
	__u64 left = *(const __u64 *)a, right = *(const __u64 *)b;

	return (left > right) - (left < right);
}

/* One stolen time slice is longer than all runs together, and moves a mean. */
static __u64 median(__u64 *values, unsigned long count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

/* What it takes to run the program for no event. */
static __u64 empty_run_ns(int program_fd, struct fill_request *request, struct bpf_test_run_opts *options)
{
	__u64 ns[EMPTY_RUNS];

	request->count = 0;
	for (int i = 0; i < EMPTY_RUNS; i++)
		ns[i] = run(program_fd, options);
	return median(ns, EMPTY_RUNS);
}

/* Whether its first thread sleeps: proc_pid_stat(5). Whoever was woken does not until it sleeps again. */
static int is_asleep(int stat_fd)
{
	char text[256];
	ssize_t length = pread(stat_fd, text, sizeof(text) - 1, 0);
	const char *state;

	if (length < 0)
		rig_fail("see whether the reader sleeps", errno);
	text[length] = 0;
	state = strrchr(text, ')');
	return state && state[1] && state[2] == 'S';
}

static int open_stat(unsigned int reader)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/stat", reader);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		rig_fail("find the reader", errno);
	return fd;
}

static void emit(int program_fd, const struct emission *emission)
{
	struct fill_request request = {
		.count = emission->burst,
		.seed = emission->seed,
		.categories = 1,
		.payload_bytes = PAYLOAD_BYTES,
		.payload_steps = 1,
		.wake_bytes = emission->wake_bytes,
	};
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &request, .ctx_size_in = sizeof(request));
	__u64 first = rig_ns(CLOCK_MONOTONIC) + BEGIN_NS, planned = first, whole_ns, run_ns, empty_ns;
	unsigned long late = 0, refused = 0, runs = 0;
	int stat_fd = emission->reader ? open_stat(emission->reader) : -1;
	__u64 *ns = malloc((emission->events / emission->burst + 1) * sizeof(*ns));

	if (!ns)
		rig_fail("keep times", ENOMEM);
	for (; request.sequence < emission->events; request.sequence += emission->burst) {
		__u64 now = rig_ns(CLOCK_MONOTONIC);

		if (emission->interval_ns && now > planned + emission->interval_ns)
			late++;
		while (now < planned)
			now = rig_ns(CLOCK_MONOTONIC);
		while (stat_fd >= 0 && !is_asleep(stat_fd))
			planned = rig_ns(CLOCK_MONOTONIC);
		planned += emission->interval_ns;
		ns[runs++] = run(program_fd, &options);
		refused += options.retval;
	}
	whole_ns = rig_ns(CLOCK_MONOTONIC) - first;
	run_ns = median(ns, runs);
	free(ns);
	if (stat_fd >= 0)
		close(stat_fd);
	empty_ns = empty_run_ns(program_fd, &request, &options);
	printf("{\"late\":%lu,\"refused\":%lu,\"runNs\":%llu,\"wholeNs\":%llu}\n", late, refused,
	       run_ns > empty_ns ? run_ns - empty_ns : 0, whole_ns);
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
		struct emission emission;
		unsigned int id;
		int program_fd;

		if (sscanf(line, "emit %u %lu %lu %llu %llu %u %llu", &id, &emission.events, &emission.burst,
			   &emission.interval_ns, &emission.wake_bytes, &emission.reader, &emission.seed) != 7 ||
		    emission.burst < 1 || emission.burst > EVENTS_PER_RUN)
			rig_fail("understand the request", EINVAL);
		program_fd = bpf_prog_get_fd_by_id(id);
		if (program_fd < 0)
			rig_fail("find the program", errno);
		emit(program_fd, &emission);
		close(program_fd);
	}
	return 0;
}
