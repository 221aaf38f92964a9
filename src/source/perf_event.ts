/**
 * One perf event: the file behind a ring. Opening it, reading its losses, starting and stopping it, closing it.
 *
 * @module
 */

import { CLOCK, NR_PERF_EVENT_OPEN } from "../abi/linux.ts";
import {
  PERF,
  PERF_ATTR_FLAG,
  PERF_EVENT_ATTR,
  PERF_EVENT_ATTR_FLAGS,
  PERF_EVENT_IOC_DISABLE,
  PERF_EVENT_IOC_ENABLE,
  PERF_EVENT_IOC_SET_OUTPUT,
} from "../abi/perf_event.ts";
import { type EventPipeError, syscallFailed } from "../errors.ts";
import { errno, libc } from "../ffi/libc.ts";
import { errnoName, errnoNumber } from "../abi/errno.ts";

/** `read` of an event with PERF_FORMAT_LOST: `u64 value; u64 lost`. <linux/perf_event.h> */
const READ_FORMAT_BYTES = 16;
const READ_FORMAT_LOST = 8;

/**
 * The kernel compares the u32 `wakeup_events` as an int, kernel/events/ring_buffer.c __perf_output_begin(): above, it
 * would wake at every event. A ring holds far fewer records than this.
 */
const MAX_WAKEUP_EVENTS = 0x7fffffff;

/** When a ring wakes its reader: after so many records, or after so many bytes. */
export type Wakeup = { readonly events: number } | { readonly bytes: number };

/** What an event measures, in the words of `struct perf_event_attr`. */
export interface PerfEventSpec {
  /** `PERF_TYPE_*`. */
  readonly type: number;
  /** What the type's numbers mean: a software event, or the id of a tracepoint. */
  readonly config: number;
  /** `PERF_SAMPLE_*`. */
  readonly sampleType: number;
  /** `sample_period`: a sample after so many occurrences; means nothing to BPF output. */
  readonly samplePeriod?: number;
  /** When the reader is woken. */
  readonly wakeup: Wakeup;
  /** The process whose threads are measured; all unless given. */
  readonly pid?: number;
  /** Bits of `PERF_ATTR_FLAG` beside those that follow from the other members. */
  readonly flags?: number;
}

/**
 * The event whose ring `bpf_perf_event_output` writes into.
 *
 * @param wakeup When the reader is woken.
 * @returns What to open.
 */
export function bpfOutput(wakeup: Wakeup): PerfEventSpec {
  return {
    type: PERF.PERF_TYPE_SOFTWARE,
    config: PERF.PERF_COUNT_SW_BPF_OUTPUT,
    sampleType: PERF.PERF_SAMPLE_RAW,
    wakeup,
  };
}

/** An event on one CPU. */
export class PerfEvent {
  /** The event's file descriptor. */
  readonly fd: number;
  /** The CPU it is bound to. */
  readonly cpu: number;
  readonly #counts = new DataView(new ArrayBuffer(READ_FORMAT_BYTES));

  private constructor(fd: number, cpu: number) {
    this.fd = fd;
    this.cpu = cpu;
  }

  /**
   * Opens the event of one CPU.
   *
   * @param cpu The CPU's number.
   * @param spec What it measures.
   * @returns The event, or null if the CPU is offline.
   * @throws {EventPipeError} If the kernel refuses.
   */
  static open(cpu: number, spec: PerfEventSpec): PerfEvent | null {
    const attr = encodeAttr(spec);
    const flags = BigInt(PERF.PERF_FLAG_FD_CLOEXEC);
    const fd = libc().perf_event_open(NR_PERF_EVENT_OPEN, attr, spec.pid ?? -1, cpu, -1, flags);
    const error = errno(); // Errno: read in the next expression.
    if (fd >= 0n) return new PerfEvent(Number(fd), cpu);
    if (error === errnoNumber("ENODEV")) return null;
    throw openFailed(cpu, error);
  }

  /**
   * Reads how many records found the ring full, those after the last LOST record included.
   *
   * @returns The count since the event was opened.
   */
  lost(): number {
    if (libc().read(this.fd, this.#counts, BigInt(READ_FORMAT_BYTES)) < 0n) {
      const error = errno(); // Errno: read before the message allocates.
      throw syscallFailed(`read the losses of CPU ${this.cpu}`, "read", error);
    }
    return this.#counts.getUint32(READ_FORMAT_LOST, true) +
      this.#counts.getUint32(READ_FORMAT_LOST + 4, true) * 2 ** 32;
  }

  /**
   * Sends its records into another event's ring.
   *
   * @param other An event of the same CPU whose ring is mapped.
   */
  outputInto(other: PerfEvent): void {
    if (libc().ioctl(this.fd, PERF_EVENT_IOC_SET_OUTPUT, BigInt(other.fd)) < 0) {
      const error = errno(); // Errno: read before the message allocates.
      throw syscallFailed(`share the ring of CPU ${this.cpu}`, "ioctl(PERF_EVENT_IOC_SET_OUTPUT)", error);
    }
  }

  /** Starts an event that was opened disabled. */
  enable(): void {
    if (libc().ioctl(this.fd, PERF_EVENT_IOC_ENABLE, 0n) < 0) {
      const error = errno(); // Errno: read before the message allocates.
      throw syscallFailed(`start the event of CPU ${this.cpu}`, "ioctl(PERF_EVENT_IOC_ENABLE)", error);
    }
  }

  /** Stops the event. Cannot fail on an open event. */
  disable(): void {
    libc().ioctl(this.fd, PERF_EVENT_IOC_DISABLE, 0n);
  }

  /** Stops and closes the event. */
  close(): void {
    this.disable();
    libc().close(this.fd);
  }
}

function encodeAttr(
  { type, config, sampleType, samplePeriod = 0, wakeup, flags = 0 }: PerfEventSpec,
): DataView<ArrayBuffer> {
  const { offsets, size } = PERF_EVENT_ATTR;
  const attr = new DataView(new ArrayBuffer(size));
  attr.setUint32(offsets.type, type, true);
  attr.setUint32(offsets.size, size, true);
  attr.setUint32(offsets.config, config, true);
  attr.setUint32(offsets.sample_period, samplePeriod, true);
  attr.setUint32(offsets.sample_type, sampleType, true);
  attr.setUint32(offsets.read_format, PERF.PERF_FORMAT_LOST, true);
  // One union holds both thresholds; the flag tells which it is.
  const byBytes = "bytes" in wakeup;
  const threshold = byBytes ? wakeup.bytes : Math.min(wakeup.events, MAX_WAKEUP_EVENTS);
  attr.setUint32(offsets.wakeup_events, threshold, true);
  attr.setUint32(PERF_EVENT_ATTR_FLAGS, byBytes ? flags | PERF_ATTR_FLAG.watermark : flags, true);
  attr.setInt32(offsets.clockid, CLOCK.CLOCK_MONOTONIC, true);
  return attr;
}

function openFailed(cpu: number, error: number): EventPipeError {
  return syscallFailed(
    `open a perf event on CPU ${cpu}`,
    "perf_event_open",
    error,
    adviceFor(errnoName(error)),
  );
}

function adviceFor(error: string): string {
  switch (error) {
    case "EINVAL":
      return "it needs Linux 6.0 or later (PERF_FORMAT_LOST)";
    case "EMFILE":
      return "each event of each CPU is a file: choose fewer events, or raise the limit (ulimit -n)";
    case "ESRCH":
      return "the process has ended";
    case "EPERM":
    case "EACCES":
      return "it needs CAP_PERFMON (or root); see /proc/sys/kernel/perf_event_paranoid";
    default:
      return "";
  }
}
