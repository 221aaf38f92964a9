/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Outputs events of any length up to 72,000 bytes from the category on: also those that are too long for the u16 in
 * which a record's header keeps its size, whose bytes the kernel writes over records nobody has read.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define PAYLOAD_MAX 72000

struct payload {
	__u32 category;
	__u8 bytes[PAYLOAD_MAX - sizeof(__u32)];
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

/* The context: bytes to output, category, what to fill the rest with. Returns what the output helper returned. */
SEC("raw_tp")
int oversize(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 size = ctx->args[0];
	__u32 zero = 0;
	struct payload *event = bpf_map_lookup_elem(&payload, &zero);

	if (!event || size < sizeof(__u32) || size > PAYLOAD_MAX)
		return 1;
	event->category = ctx->args[1];
	return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, event, size);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
