/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The ceiling: walks a perf ring in place, trusts every size it finds, copies nothing and stores the tail once per drain.
 * Nothing that checks can be expected to be faster.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "peer.h"
#include "rig.h"

#define PAGE_BYTES 4096
#define RAW_OFFSET 12	/* of the payload in a sample of PERF_SAMPLE_RAW: header, u32 size */

const char *const reader_map = "events";
const char *const reader_program = "fill_perf";

static struct perf_event_mmap_page *page;
static char *data;
static __u64 mask;

void reader_open(const struct peer_config *config, int map_fd)
{
	struct perf_event_attr attr;
	int fd;

	/* An event that straddles the end could not be handed on as one pointer without a copy. */
	if (config->handlers)
		rig_fail("give events to handlers: this peer reads categories only", EINVAL);
	if (config->rings != 1)
		rig_fail("read several rings: this peer reads one", EINVAL);
	rig_attr(&attr, NEVER_WAKE, 0);
	fd = syscall(SYS_perf_event_open, &attr, -1, config->producer_cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		rig_fail("open the perf event", errno);
	page = mmap(NULL, PAGE_BYTES + config->ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		rig_fail("map the ring", errno);
	data = (char *)page + PAGE_BYTES;
	mask = config->ring_bytes - 1;
	if (ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		rig_fail("enable the perf event", errno);
	if (bpf_map_update_elem(map_fd, &config->producer_cpu, &fd, BPF_ANY))
		rig_fail("put the perf event into the map", errno);
}

void reader_consume(void)
{
	/* Pairs with the kernel's barrier in front of its store of data_head, kernel/events/ring_buffer.c. */
	__u64 head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	__u64 tail = page->data_tail;
	__u64 events = 0, check = 0;

	while (tail != head) {
		/* Records are multiples of 8 bytes, so a header never straddles the end; what follows it can. */
		struct perf_event_header *header = (void *)(data + (tail & mask));

		if (header->type == PERF_RECORD_SAMPLE) {
			check += *(__u32 *)(data + ((tail + RAW_OFFSET) & mask));
			events++;
		}
		tail += header->size;
	}
	peer_sums.events += events;
	peer_sums.check += check;
	__atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
}
