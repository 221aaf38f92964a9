/**
 * A setting as code, for this library and for those that read the same rings: libbpf in C, cilium/ebpf in Go, bpftrace.
 *
 * @module
 */

import { isTimed, RARE_WAKEUP_EVENTS, type Setting } from "../setting.ts";

/** A setting for one library. */
export interface Snippet {
  /** Whose it is. */
  readonly name: string;
  readonly language: "ts" | "c" | "go" | "sh";
  readonly code: string;
}

/** bpftrace counts in pages, and so does libbpf. */
const PAGE_BYTES = 4096;

/**
 * Writes a setting as code.
 *
 * @param setting The setting.
 * @returns A piece of code for each library; with BPF ring buffers one more for the BPF program, which does the waking.
 */
export function snippets(setting: Setting): Snippet[] {
  const isPerf = setting.ring === "perf";
  return [
    { name: "eventpipe", language: "ts", code: typescript(setting) },
    ...(isPerf ? [] : [{ name: "BPF program", language: "c" as const, code: bpfProgram(setting) }]),
    { name: "libbpf", language: "c", code: isPerf ? libbpfPerf(setting) : libbpfRingbuf(setting) },
    { name: "cilium/ebpf", language: "go", code: isPerf ? goPerf(setting) : goRingbuf(setting) },
    { name: "bpftrace", language: "sh", code: bpftrace(setting) },
  ];
}

function typescript(setting: Setting): string {
  const { ring, ringBytes, wakeup, waiter, pollMs, scanner } = setting;
  const isPerf = ring === "perf";
  const wakes = !isPerf
    ? []
    : wakeup.kind === "bytes"
    ? [`watermarkBytes: ${wakeup.bytes}`]
    : [`wakeupEvents: ${wakeup.kind === "events" ? wakeup.events : "0xffffffff"}`];
  const fields = [`ringBytes: ${ringBytes}`, ...wakes, `scanner: "${scanner}"`].join(", ");
  const source = isPerf ? "PerfSource" : "RingbufSource";
  return `import { EventPipe, ${source} } from "@eventpipe/eventpipe";

const source = ${source}.open({ ${fields} });
using pipe = EventPipe.open({ source, waiter: "${waiter}" });
pipe.register({ name: "event", process: (event) => console.log(event.size) });
${pollComment(setting)}while (pipe.poll(${pollMs}) === 0);`;
}

function pollComment(setting: Setting): string {
  if (setting.waiter === "spin") return "// Spins: give it a CPU of its own.\n";
  if (isTimed(setting)) return "// Looks into the rings at this pace; hardly anything wakes it sooner.\n";
  return "";
}

function bpfProgram({ ringBytes, wakeup }: Setting): string {
  const flags = wakeup.kind === "adaptive"
    ? "0"
    : wakeup.kind === "bytes"
    ? `bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= ${wakeup.bytes} ?\n\t\t\tBPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP`
    : "BPF_RB_NO_WAKEUP";
  return `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ${ringBytes});
} events SEC(".maps");

static long send_event(void *event, __u64 size)
{
	__u64 flags = ${flags};

	return bpf_ringbuf_output(&events, event, size, flags);
}`;
}

function libbpfPerf(setting: Setting): string {
  const { ringBytes, wakeup, pollMs } = setting;
  const wakes = wakeup.kind === "bytes"
    ? `.watermark = 1,\n\t\t.wakeup_watermark = ${wakeup.bytes},`
    : `.wakeup_events = ${
      wakeup.kind === "events" ? wakeup.events : `0x${RARE_WAKEUP_EVENTS.toString(16)}`
    },`;
  return `#include <errno.h>
#include <linux/perf_event.h>
#include <bpf/libbpf.h>

int read_events(int map_fd, perf_buffer_event_fn on_event, void *ctx)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		${wakes}
	};
	struct perf_buffer *pb = perf_buffer__new_raw(map_fd, ${
    pages(ringBytes)
  } /* pages */, &attr, on_event, ctx, NULL);
	int err = pb ? 0 : -errno;

${cLoop(setting, "perf_buffer", "pb", pollMs)}
	perf_buffer__free(pb);
	return err;
}`;
}

function libbpfRingbuf(setting: Setting): string {
  return `#include <errno.h>
#include <bpf/libbpf.h>

int read_events(int map_fd, ring_buffer_sample_fn on_event, void *ctx)
{
	struct ring_buffer *rb = ring_buffer__new(map_fd, on_event, ctx, NULL);
	int err = rb ? 0 : -errno;

${cLoop(setting, "ring_buffer", "rb", setting.pollMs)}
	ring_buffer__free(rb);
	return err;
}`;
}

function cLoop(setting: Setting, kind: string, name: string, pollMs: number): string {
  if (setting.waiter === "spin") {
    return `\twhile (err >= 0)\t/* spins: give it a CPU of its own */\n\t\terr = ${kind}__consume(${name});`;
  }
  const spins = setting.waiter === "spin-sleep" ? "\t/* it has nothing that spins before it sleeps */\n" : "";
  // Their poll reads the rings that woke it; ours reads all of them.
  return `${spins}\twhile (err >= 0) {
		err = ${kind}__poll(${name}, ${pollMs});
		if (err >= 0)	/* what did not wake it */
			err = ${kind}__consume(${name});
	}`;
}

function goPerf(setting: Setting): string {
  const { ringBytes, wakeup } = setting;
  const options = wakeup.kind === "bytes"
    ? `Watermark: ${wakeup.bytes}`
    : wakeup.kind === "events"
    ? `WakeupEvents: ${wakeup.events}`
    : `Watermark: ${ringBytes / 2}`;
  return `reader, err := perf.NewReaderWithOptions(events, ${ringBytes}, perf.ReaderOptions{${options}})
${goLoop(setting, "perf")}`;
}

function goRingbuf(setting: Setting): string {
  return `reader, err := ringbuf.NewReader(events)\n${goLoop(setting, "ringbuf")}`;
}

function goLoop({ waiter, pollMs }: Setting, kind: string): string {
  const spins = waiter === "epoll" ? "" : "// It has nothing that spins: it sleeps in epoll.\n";
  return `if err != nil {
	return err
}
defer reader.Close()
${spins}var record ${kind}.Record
for {
	reader.SetDeadline(time.Now().Add(${pollMs} * time.Millisecond))
	for err = reader.ReadInto(&record); err == nil; err = reader.ReadInto(&record) {
		// ...
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
}`;
}

function bpftrace({ ringBytes }: Setting): string {
  return `# What a page count means, per CPU or in all, its manual says under perf_rb_pages. It chooses the kind of
# ring, wake-ups and waiting itself.
BPFTRACE_PERF_RB_PAGES=${pages(ringBytes)} bpftrace program.bt`;
}

function pages(ringBytes: number): number {
  return Math.max(1, ringBytes / PAGE_BYTES);
}
