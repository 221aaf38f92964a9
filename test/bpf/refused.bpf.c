/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A program the verifier refuses: it follows a pointer that may be NULL. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counter SEC(".maps");

SEC("raw_tp")
int count(void *ctx)
{
	__u32 zero = 0;
	__u64 *value = bpf_map_lookup_elem(&counter, &zero);

	*value += 1;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
