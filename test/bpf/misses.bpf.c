/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A program whose run makes another one be skipped: the kernel runs no tracepoint program while another one runs on the CPU,
 * and a program that sends a signal is at signal_generate before it has ended.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SIGURG 23	/* what has no handler for it takes no notice */

const volatile __u32 pid = 0;

SEC("tp/syscalls/sys_enter_getppid")
int sender(void *ctx)
{
	if (bpf_get_current_pid_tgid() >> 32 == pid)
		bpf_send_signal(SIGURG);
	return 1;
}

SEC("tp/signal/signal_generate")
int skipped(void *ctx)
{
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
