/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The common part of the peers in C; see peer.h.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include "peer.h"
#include "rig.h"

#define VALUE_OFFSET 20		/* bpf: struct fill_event, from category on */
#define SEQUENCE_OFFSET 12

struct peer_sums peer_sums;
unsigned int peer_handlers;
static unsigned int payload_bytes;

#ifdef PEER_WORDS
/* All words of an event behind its head. */
static inline void add_up(struct peer_handler_sums *sums, const void *payload)
{
	__u32 sum = 0;

	for (unsigned int offset = SEQUENCE_OFFSET; offset < payload_bytes; offset += sizeof(sum))
		sum += peer_u32(payload + offset);
	sums->u32s += sum;
}
#else
static inline void add_up(struct peer_handler_sums *sums, const void *payload)
{
	__u64 sequence;

	memcpy(&sequence, payload + SEQUENCE_OFFSET, sizeof(sequence));
	sums->u32s += peer_u32(payload + VALUE_OFFSET);
	sums->u64s += sequence;
}
#endif

/* Sixteen handlers that differ in what they write, so that the compiler does not make one of them. */
#define HANDLERS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define DEFINE(n)								\
	static struct peer_handler_sums sums_##n;				\
	static void handle_##n(const void *payload)				\
	{									\
		add_up(&sums_##n, payload);					\
	}
HANDLERS(DEFINE)

#define NAME(n) handle_##n,
#define SUMS(n) &sums_##n,
peer_handler peer_table[] = { HANDLERS(NAME) };
static struct peer_handler_sums *const all_sums[] = { HANDLERS(SUMS) };
#define MAX_HANDLERS (sizeof(all_sums) / sizeof(all_sums[0]))

static struct peer_config read_config(int argc, char **argv)
{
	struct peer_config config = { 0 };

	if (argc != 10)
		rig_fail("read the arguments", EINVAL);
	config.object = argv[1];
	config.producer_cpu = rig_number(argv[2]);
	config.consumer_cpu = rig_number(argv[3]);
	config.ring_bytes = rig_number(argv[4]);
	config.payload_bytes = rig_number(argv[5]);
	config.payload_steps = rig_number(argv[6]);
	config.handlers = rig_number(argv[7]);
	config.events = rig_number(argv[8]);
	config.rings = rig_number(argv[9]);
	if (config.handlers > MAX_HANDLERS)
		rig_fail("have more than 16 handlers", EINVAL);
	return config;
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
			rig_fail("run the generator", -error);
		if (options.retval)
			rig_fail("fill the ring: it has no room for all events", ENOSPC);
	}
}

#ifdef PEER_SLOWED_PERCENT
/* Makes what has begun slower by a known share, for the check of the measuring. */
static void idle(__u64 start)
{
	__u64 ns = rig_ns(CLOCK_MONOTONIC) - start;

	while (rig_ns(CLOCK_MONOTONIC) - start < ns + ns * PEER_SLOWED_PERCENT / 100)
		;
}
#endif

static void do_block(const struct peer_config *config, int program_fd, __u64 seed, unsigned int fills)
{
	struct peer_sums before = peer_sums;
	__u64 begun = rig_ns(CLOCK_MONOTONIC), ns = 0;

	for (size_t i = 0; i < MAX_HANDLERS; i++)
		*all_sums[i] = (struct peer_handler_sums){ 0 };
	for (unsigned int i = 0; i < fills; i++) {
		__u64 start;

		fill(config, program_fd, seed, (__u64)i * config->events);
		start = rig_ns(CLOCK_MONOTONIC);
		reader_consume();
#ifdef PEER_SLOWED_PERCENT
		idle(start);
#endif
		ns += rig_ns(CLOCK_MONOTONIC) - start;
	}
	for (size_t i = 0; i < MAX_HANDLERS; i++)
		peer_sums.check += all_sums[i]->u32s + all_sums[i]->u64s;
	printf("{\"events\":%llu,\"check\":%u,\"ns\":%llu,\"wholeNs\":%llu}\n",
	       peer_sums.events - before.events, (__u32)(peer_sums.check - before.check), ns,
	       rig_ns(CLOCK_MONOTONIC) - begun);
}

int main(int argc, char **argv)
{
	struct peer_config config;
	struct bpf_object *object;
	struct bpf_program *program;
	char line[128];

	rig_begin();
	config = read_config(argc, argv);
	peer_handlers = config.handlers;
	payload_bytes = config.payload_bytes;
	rig_pin(config.consumer_cpu);
	object = rig_load(config.object, config.ring_bytes, config.rings == 1 ? 0 : config.rings);
	program = bpf_object__find_program_by_name(object, reader_program);
	if (!program)
		rig_fail("find the generator's program", ENOENT);
	reader_open(&config, bpf_object__find_map_fd_by_name(object, reader_map));
	printf("{\"ready\":true}\n");
	while (fgets(line, sizeof(line), stdin)) {
		unsigned int seed, fills;

		if (sscanf(line, "block %u %u", &seed, &fills) != 2)
			rig_fail("understand the request", EINVAL);
		do_block(&config, bpf_program__fd(program), seed, fills);
	}
	return 0;	/* the kernel takes back rings, maps and programs */
}
