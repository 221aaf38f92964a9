/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The generic forwarder of the tracer: sends the records of any number of tracepoints into one perf event array. It knows
 * no tracepoint; what it is to do stands in its maps, under the category, which comes with the attachment as cookie.
 *
 * Tracepoints go through `forward`. System calls go through the two raw tracepoints sys_enter and sys_exit instead of
 * their 700 tracepoints, since a raw tracepoint detaches in microseconds and a tracepoint in some 80 ms. A system call can
 * be sent as the record of its sys_enter or sys_exit tracepoint, or as a pair: one event at its end with both.
 *
 * All programs return 1: a tracepoint program that returns 0 hides the event from every other perf user of the machine.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "trace.h"

/* Constants, set by name before loading. */
const volatile __u32 own_pid = 0;		/* process to leave out, 0 for none */
const volatile __u8 by_pid = 0;			/* only processes in tracked_pids */
const volatile __u8 by_comm = 0;		/* only commands in tracked_comms */
const volatile __u8 by_cpu = 0;			/* only CPUs in tracked_cpus */
const volatile __u64 tracked_cpus[16] = {};	/* a bit per CPU */
const volatile __u32 fork_child_pid = 0;	/* offset of child_pid in the record of sched_process_fork */
const volatile __u32 regs_args[6] = {};		/* offsets of a system call's arguments in struct pt_regs */
const volatile __u32 regs_first = 0;		/* the lowest of them */
const volatile __u32 regs_nr = 0;		/* offset of its number */

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

/* Not 0 once the trace has ended: what happens then is no event of it, and the counters come to rest. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} ended SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);		/* set before loading: the number of categories */
	__type(key, __u32);
	__type(value, struct trace_target);
} targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TRACE_SYSCALLS);
	__type(key, __u32);
	__type(value, struct syscall_target);
} syscalls SEC(".maps");

/* The oldest unused ones make room: a long run of short processes never fills it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u8);
} tracked_pids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(key_size, TRACE_COMM);
	__type(value, __u8);
} tracked_comms SEC(".maps");

/*
 * One of each per program and CPU. Programs of one kind do not interrupt each other on a CPU, but a tracepoint program can
 * interrupt a raw tracepoint program: so counters need no atomic adds, and half-made events do not meet.
 */
enum { SLOT_FORWARD, SLOT_ENTER, SLOT_LEAVE, SLOTS };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, struct trace_counters);
} counters SEC(".maps");

/* Where events are put together. */
struct scratch {
	struct trace_event event;
	__u8 data[TRACE_DATA_MAX + TRACE_STRINGS * TRACE_STRING_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* A system call on its way, by thread: the event as it will be sent at the end. */
struct pair {
	struct trace_event event;
	struct syscall_record record;
	__u8 strings[TRACE_STRINGS * TRACE_STRING_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);		/* set before loading if there are pairs */
	__type(key, __u32);
	__type(value, struct pair);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pair);
} new_pair SEC(".maps");

static __always_inline int is_selected(__u64 pid_tgid)
{
	__u32 pid = pid_tgid >> 32;
	__u32 zero = 0;
	__u32 *end = bpf_map_lookup_elem(&ended, &zero);

	if (!end || *end)
		return 0;
	if (own_pid && pid == own_pid)
		return 0;
	if (by_cpu) {
		__u32 cpu = bpf_get_smp_processor_id();

		if (cpu >= 1024 || !(tracked_cpus[cpu / 64] & (1ULL << (cpu % 64))))
			return 0;
	}
	if (by_pid && !bpf_map_lookup_elem(&tracked_pids, &pid))
		return 0;
	if (by_comm) {
		char comm[TRACE_COMM] = {};

		bpf_get_current_comm(comm, sizeof(comm));
		if (!bpf_map_lookup_elem(&tracked_comms, comm))
			return 0;
	}
	return 1;
}

static __always_inline void fill_head(struct trace_event *event, __u32 category, __u64 pid_tgid, __u32 record_bytes)
{
	event->head.category = category;
	event->head.time_ns = bpf_ktime_get_ns();
	event->pid = pid_tgid >> 32;
	event->tid = (__u32)pid_tgid;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->record_bytes = record_bytes;
	event->flags = 0;
	event->start_ns = 0;
	event->string_bytes[0] = 0;
	event->string_bytes[1] = 0;
}

static __always_inline void send(void *ctx, __u32 slot, struct trace_event *event, __u64 size)
{
	struct trace_counters *counts = bpf_map_lookup_elem(&counters, &slot);
	long error;

	if (!counts)
		return;
	counts->produced++;
	error = bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, (void *)event + EVENT_PAYLOAD_OFFSET, size);
	if (error < 0) {
		__u64 number = -error;

		if (number >= TRACE_MAX_ERRNO)
			number = TRACE_MAX_ERRNO - 1;
		counts->refused[number]++;
	}
}

/* Bytes of the string slots in use: the slots stand one behind the other, the last one is cut to its text. */
static __always_inline __u64 string_area(const struct trace_event *event)
{
	__s16 first = event->string_bytes[0];
	__s16 second = event->string_bytes[1];

	if (second > 0)
		return TRACE_STRING_MAX + (second & (TRACE_STRING_MAX - 1));
	if (first > 0)
		return first & (TRACE_STRING_MAX - 1);
	return 0;
}

/* The record of a tracepoint begins 8 bytes into the context; the common fields in front of it are not ours to read. */
SEC("tp")
int forward(void *ctx)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	__u32 category = bpf_get_attach_cookie(ctx);
	__u32 slot = SLOT_FORWARD;
	struct trace_target *target;
	struct scratch *scratch;
	__u64 bytes;

	if (!is_selected(pid_tgid))
		return 1;
	target = bpf_map_lookup_elem(&targets, &category);
	scratch = bpf_map_lookup_elem(&scratches, &slot);
	if (!target || !scratch)
		return 1;
	fill_head(&scratch->event, category, pid_tgid, 0);

	/* A __data_loc word tells where its data stand: low half offset, high half length. The longest reach counts. */
	bytes = target->record_bytes;
	for (int i = 0; i < TRACE_DATA_LOCS; i++) {
		__u32 word = 0;
		__u64 end;

		if (i >= target->data_locs)
			break;
		bpf_probe_read_kernel(&word, sizeof(word), ctx + target->data_loc[i]);
		end = (word & 0xffff) + (word >> 16);
		if (end > bytes)
			bytes = end;
	}
	if (bytes < 8)
		return 1;
	bytes -= 8;
	if (bytes > TRACE_DATA_MAX) {
		bytes = TRACE_DATA_MAX;
		scratch->event.flags |= TRACE_TRUNCATED;
	}
	if (bpf_probe_read_kernel(scratch->data, bytes, ctx + 8) < 0)
		scratch->event.flags |= TRACE_UNREADABLE;
	scratch->event.record_bytes = bytes;
	send(ctx, slot, &scratch->event, TRACE_EVENT_BYTES + bytes);
	return 1;
}

static __always_inline void read_string(struct trace_event *event, __u8 *slots, __u32 index, __u64 pointer)
{
	/* One byte less than the slot, so that a length is below a power of two and the verifier can bound it. */
	event->string_bytes[index] = bpf_probe_read_user_str(slots + index * TRACE_STRING_MAX, TRACE_STRING_MAX - 1,
							     (void *)pointer);
}

/* The arguments that are user strings, at most two; reads those that are not read yet. */
static __always_inline void read_strings(struct trace_event *event, struct syscall_record *record, __u8 *slots,
					 const struct syscall_target *target)
{
	for (int i = 0; i < TRACE_STRINGS; i++) {
		__u32 argument = target->string_args[i];

		if (argument < 6 && event->string_bytes[i] <= 0)
			read_string(event, slots, i, record->args[argument]);
	}
}

static __always_inline void read_record(struct syscall_record *record, void *regs, __u32 nr)
{
	/* All arguments stand within eight words: one call of the helper in place of six. */
	__u64 words[8] = {};

	bpf_probe_read_kernel(words, sizeof(words), regs + regs_first);
	record->nr = nr;
	record->reserved = 0;
	for (int i = 0; i < 6; i++)
		record->args[i] = words[(regs_args[i] - regs_first) / sizeof(__u64) & 7];
	record->ret = 0;
}

static __always_inline void begin_pair(void *ctx, void *regs, __u32 nr, __u64 pid_tgid, struct syscall_target *target)
{
	struct trace_counters *counts;
	__u32 slot = SLOT_ENTER;
	__u32 zero = 0;
	__u32 tid = pid_tgid;
	struct pair *pair = bpf_map_lookup_elem(&new_pair, &zero);

	if (!pair)
		return;
	fill_head(&pair->event, target->pair_category, pid_tgid, sizeof(pair->record));
	pair->event.start_ns = pair->event.head.time_ns;
	read_record(&pair->record, regs, nr);
	read_strings(&pair->event, &pair->record, pair->strings, target);
	if (target->flags & SYSCALL_NO_RETURN) {
		pair->event.flags |= TRACE_NO_RETURN;
		send(ctx, slot, &pair->event, TRACE_EVENT_BYTES + sizeof(pair->record) + string_area(&pair->event));
		return;
	}
	if (bpf_map_update_elem(&pairs, &tid, pair, BPF_ANY) < 0) {
		counts = bpf_map_lookup_elem(&counters, &slot);
		if (counts)
			counts->pairs_lost++;
	}
}

SEC("raw_tp/sys_enter")
int enter(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	void *regs = (void *)ctx->args[0];
	__u32 nr = ctx->args[1];
	__u32 slot = SLOT_ENTER;
	struct syscall_target *target;
	struct syscall_record *record;
	struct scratch *scratch;

	target = bpf_map_lookup_elem(&syscalls, &nr);
	if (!target || !(target->flags & (SYSCALL_PAIR | SYSCALL_ENTER)) || !is_selected(pid_tgid))
		return 1;
	if (target->flags & SYSCALL_PAIR)
		begin_pair(ctx, regs, nr, pid_tgid, target);
	if (!(target->flags & SYSCALL_ENTER))
		return 1;
	scratch = bpf_map_lookup_elem(&scratches, &slot);
	if (!scratch)
		return 1;
	/* The record of sys_enter_NAME from byte 8 on: the number, padding, the arguments. */
	record = (struct syscall_record *)scratch->data;
	fill_head(&scratch->event, target->enter_category, pid_tgid, SYSCALL_ENTER_BYTES);
	read_record(record, regs, nr);
	read_strings(&scratch->event, record, scratch->data + SYSCALL_ENTER_BYTES, target);
	send(ctx, slot, &scratch->event, TRACE_EVENT_BYTES + SYSCALL_ENTER_BYTES + string_area(&scratch->event));
	return 1;
}

static __always_inline void end_pair(void *ctx, __u32 nr, __u32 tid, struct syscall_target *target, __s64 ret)
{
	struct pair *pair = bpf_map_lookup_elem(&pairs, &tid);
	__u32 slot = SLOT_LEAVE;

	if (!pair)
		return;		/* it began before we did */
	if (pair->record.nr != nr)
		return;		/* another one of this thread, which did not come back */
	pair->record.ret = ret;
	pair->event.head.time_ns = bpf_ktime_get_ns();
	/* A page that was not in memory when the call began is there now, since the kernel has read it too. */
	read_strings(&pair->event, &pair->record, pair->strings, target);
	send(ctx, slot, &pair->event, TRACE_EVENT_BYTES + sizeof(pair->record) + string_area(&pair->event));
	bpf_map_delete_elem(&pairs, &tid);
}

SEC("raw_tp/sys_exit")
int leave(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	void *regs = (void *)ctx->args[0];
	__s64 ret = ctx->args[1];
	__u32 slot = SLOT_LEAVE;
	struct syscall_target *target;
	struct scratch *scratch;
	__u32 nr = 0;

	bpf_probe_read_kernel(&nr, sizeof(nr), regs + regs_nr);
	target = bpf_map_lookup_elem(&syscalls, &nr);
	if (!target || !(target->flags & (SYSCALL_PAIR | SYSCALL_EXIT)) || !is_selected(pid_tgid))
		return 1;
	if (target->flags & SYSCALL_PAIR)
		end_pair(ctx, nr, pid_tgid, target, ret);
	if (!(target->flags & SYSCALL_EXIT))
		return 1;
	scratch = bpf_map_lookup_elem(&scratches, &slot);
	if (!scratch)
		return 1;
	/* The record of sys_exit_NAME from byte 8 on: the number, padding, the result. */
	fill_head(&scratch->event, target->exit_category, pid_tgid, SYSCALL_EXIT_BYTES);
	*(__u64 *)scratch->data = nr;
	*(__s64 *)(scratch->data + 8) = ret;
	send(ctx, slot, &scratch->event, TRACE_EVENT_BYTES + SYSCALL_EXIT_BYTES);
	return 1;
}

/* Children of tracked processes are tracked from their first instruction: fork runs in the parent. */
SEC("tp/sched/sched_process_fork")
int follow(void *ctx)
{
	__u32 parent = bpf_get_current_pid_tgid() >> 32;
	__u32 child = 0;
	__u8 one = 1;

	if (!bpf_map_lookup_elem(&tracked_pids, &parent))
		return 1;
	if (bpf_probe_read_kernel(&child, sizeof(child), ctx + fork_child_pid) == 0)
		bpf_map_update_elem(&tracked_pids, &child, &one, BPF_ANY);
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
