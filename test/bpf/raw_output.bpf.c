/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Outputs the first bytes of a map's value, as many as the context says, and returns what the output helper returned:
 * the kernel's side of the byte fixtures.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define PAYLOAD_MAX 8192

struct payload {
	__u8 bytes[PAYLOAD_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct payload);
} payload SEC(".maps");

SEC("raw_tp")
int raw_output(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 size = ctx->args[0];
	__u32 zero = 0;
	struct payload *bytes = bpf_map_lookup_elem(&payload, &zero);

	if (!bytes || size < 1 || size > PAYLOAD_MAX)
		return 1;
	return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, bytes, size);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
