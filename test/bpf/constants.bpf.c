/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Copies its constants into a map, where a test sees what the program saw. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

enum mode { MODE_NONE, MODE_SOME = 7 };

const volatile bool enabled = false;
const volatile signed char tiny = 1;
const volatile __u16 port = 80;
const volatile __s32 offset = -1;
const volatile __u32 limit = 10;
const volatile __s64 balance = -5;
const volatile __u64 wide = 1;
const volatile enum mode mode = MODE_NONE;
const volatile char label[16] = "unset";
const volatile __u32 untouched = 4711;

struct seen {
	__u64 wide;
	__s64 balance;
	__s32 offset;
	__u32 limit;
	__u32 mode;
	__u32 untouched;
	__u16 port;
	__s8 tiny;
	__u8 enabled;
	char label[16];
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seen);
} seen SEC(".maps");

SEC("raw_tp")
int copy_constants(void *ctx)
{
	__u32 zero = 0;
	struct seen *value = bpf_map_lookup_elem(&seen, &zero);

	if (!value)
		return 1;
	value->wide = wide;
	value->balance = balance;
	value->offset = offset;
	value->limit = limit;
	value->mode = mode;
	value->untouched = untouched;
	value->port = port;
	value->tiny = tiny;
	value->enabled = enabled;
	for (int i = 0; i < 16; i++)
		value->label[i] = label[i];
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
