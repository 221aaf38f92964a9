/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The common part of the peers in C; see peer.h.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "peer.h"

#define EVENTS_PER_RUN 2000	/* interrupts are off during a run */
#define VALUE_OFFSET 20		/* bpf: struct fill_event, from category on */
#define SEQUENCE_OFFSET 12

struct fill_request {		/* as in fill.bpf.c */
	__u64 count;
	__u64 sequence;
	__u64 seed;
	__u64 categories;
	__u64 payload_bytes;
	__u64 payload_steps;
};

struct peer_sums peer_sums;
unsigned int peer_handlers;

/* Sixteen handlers that differ in what they write, so that the compiler does not make one of them. */
#define HANDLERS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define DEFINE(n)								\
	static struct peer_handler_sums sums_##n;				\
	static void handle_##n(const void *payload)				\
	{									\
		__u64 sequence;							\
										\
		memcpy(&sequence, payload + SEQUENCE_OFFSET, sizeof(sequence));	\
		sums_##n.u32s += peer_u32(payload + VALUE_OFFSET);		\
		sums_##n.u64s += sequence;					\
	}
HANDLERS(DEFINE)

#define NAME(n) handle_##n,
#define SUMS(n) &sums_##n,
peer_handler peer_table[] = { HANDLERS(NAME) };
static struct peer_handler_sums *const all_sums[] = { HANDLERS(SUMS) };
#define MAX_HANDLERS (sizeof(all_sums) / sizeof(all_sums[0]))

_Noreturn void peer_fail(const char *what, int error)
{
	printf("{\"error\":\"Cannot %s: %s\"}\n", what, strerror(error));
	exit(1);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		peer_fail("pin the peer to its CPU", errno);
}

static __u64 monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text == 0 || *end != 0)
		peer_fail("read the arguments", EINVAL);
	return value;
}

static struct peer_config read_config(int argc, char **argv)
{
	struct peer_config config = { 0 };

	if (argc != 9)
		peer_fail("read the arguments", EINVAL);
	config.object = argv[1];
	config.producer_cpu = number(argv[2]);
	config.consumer_cpu = number(argv[3]);
	config.ring_bytes = number(argv[4]);
	config.payload_bytes = number(argv[5]);
	config.payload_steps = number(argv[6]);
	config.handlers = number(argv[7]);
	config.events = number(argv[8]);
	if (config.handlers > MAX_HANDLERS)
		peer_fail("have more than 16 handlers", EINVAL);
	return config;
}

static struct bpf_object *load_generator(const struct peer_config *config)
{
	struct bpf_object *object = bpf_object__open_file(config->object, NULL);
	struct bpf_map *ring;
	int error;

	if (!object)
		peer_fail("open the generator", errno);
	ring = bpf_object__find_map_by_name(object, "ring");
	if (!ring)
		peer_fail("find the generator's ring", ENOENT);
	bpf_map__set_max_entries(ring, config->ring_bytes);
	error = bpf_object__load(object);
	if (error)
		peer_fail("load the generator", -error);
	return object;
}

static void fill(const struct peer_config *config, int program_fd, __u64 seed, __u64 sequence)
{
	struct fill_request request = {
		.seed = seed,
		.categories = config->handlers ? config->handlers : 16,
		.payload_bytes = config->payload_bytes,
		.payload_steps = config->payload_steps,
	};
	LIBBPF_OPTS(bpf_test_run_opts, options,
		.ctx_in = &request,
		.ctx_size_in = sizeof(request),
		.flags = BPF_F_TEST_RUN_ON_CPU,
		.cpu = config->producer_cpu,
	);

	for (unsigned int done = 0; done < config->events; done += request.count) {
		int error;

		request.count = config->events - done;
		if (request.count > EVENTS_PER_RUN)
			request.count = EVENTS_PER_RUN;
		request.sequence = sequence + done;
		error = bpf_prog_test_run_opts(program_fd, &options);
		if (error)
			peer_fail("run the generator", -error);
		if (options.retval)
			peer_fail("fill the ring: it has no room for all events", ENOSPC);
	}
}

static void do_block(const struct peer_config *config, int program_fd, __u64 seed, unsigned int fills)
{
	struct peer_sums before = peer_sums;
	__u64 begun = monotonic_ns(), ns = 0;

	for (size_t i = 0; i < MAX_HANDLERS; i++)
		*all_sums[i] = (struct peer_handler_sums){ 0 };
	for (unsigned int i = 0; i < fills; i++) {
		__u64 start;

		fill(config, program_fd, seed, (__u64)i * config->events);
		start = monotonic_ns();
		reader_consume();
		ns += monotonic_ns() - start;
	}
	for (size_t i = 0; i < MAX_HANDLERS; i++)
		peer_sums.check += all_sums[i]->u32s + all_sums[i]->u64s;
	printf("{\"events\":%llu,\"check\":%u,\"ns\":%llu,\"wholeNs\":%llu}\n",
	       peer_sums.events - before.events, (__u32)(peer_sums.check - before.check), ns,
	       monotonic_ns() - begun);
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

int main(int argc, char **argv)
{
	struct peer_config config;
	struct bpf_object *object;
	struct bpf_program *program;
	char line[128];

	setvbuf(stdout, NULL, _IOLBF, 0);
	libbpf_set_print(quiet);
	config = read_config(argc, argv);
	peer_handlers = config.handlers;
	pin(config.consumer_cpu);
	object = load_generator(&config);
	program = bpf_object__find_program_by_name(object, reader_program);
	if (!program)
		peer_fail("find the generator's program", ENOENT);
	reader_open(&config, bpf_object__find_map_fd_by_name(object, reader_map));
	printf("{\"ready\":true}\n");
	while (fgets(line, sizeof(line), stdin)) {
		unsigned int seed, fills;

		if (sscanf(line, "block %u %u", &seed, &fills) != 2)
			peer_fail("understand the request", EINVAL);
		do_block(&config, bpf_program__fd(program), seed, fills);
	}
	return 0;	/* the kernel takes back rings, maps and programs */
}
