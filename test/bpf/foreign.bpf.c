/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A tracer of exec as any project writes it. It includes nothing of this one and names no category. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TASK_COMM_LEN 16
#define MAX_FILENAME_LEN 108

/* /sys/kernel/tracing/events/sched/sched_process_exec/format */
struct exec_args {
	unsigned long long common;
	unsigned int filename_loc;	/* __data_loc: length << 16 | offset */
	int pid;
	int old_pid;
};

struct exec_data {
	unsigned int pid;
	char comm[TASK_COMM_LEN];
	char filename[MAX_FILENAME_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} exec_rings SEC(".maps");

SEC("tp/sched/sched_process_exec")
int handle_exec(struct exec_args *ctx)
{
	struct exec_data data = {};

	data.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(data.comm, sizeof(data.comm));
	bpf_probe_read_kernel_str(data.filename, sizeof(data.filename),
				  (void *)ctx + (ctx->filename_loc & 0xffff));
	bpf_perf_event_output(ctx, &exec_rings, BPF_F_CURRENT_CPU, &data, sizeof(data));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
