/**
 * One perf event: the file behind a ring. Opening it, reading its losses, starting, pausing and stopping it, closing it.
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
  PERF_EVENT_IOC_PAUSE_OUTPUT,
  PERF_EVENT_IOC_SET_OUTPUT,
} from "../abi/perf_event.ts";
import { EventPipeError, syscallFailed } from "../errors.ts";
import { errno, libc } from "../ffi/libc.ts";
import { errnoName, errnoNumber } from "../abi/errno.ts";
import type { Closable } from "./forgotten.ts";

/** `read` of an event with PERF_FORMAT_LOST: `u64 value; u64 lost`. <linux/perf_event.h> */
const READ_FORMAT_BYTES = 16;
const READ_FORMAT_LOST = 8;

/**
 * The kernel compares the u32 `wakeup_events` as an int, kernel/events/ring_buffer.c __perf_output_begin(): above, it
 * would wake at every event. A ring holds far fewer records than this.
 */
const MAX_WAKEUP_EVENTS = 0x7fffffff;

const EINVAL = errnoNumber("EINVAL");

/** When a ring wakes its reader: after so many records, or once at least so many bytes have come. */
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
 * @param more Bits of `PERF_ATTR_FLAG`, and of `PERF_SAMPLE_*` beside PERF_SAMPLE_RAW; none unless given.
 * @returns What to open.
 */
export function bpfOutput(
  wakeup: Wakeup,
  more: { readonly flags: number; readonly sampleType: number } = { flags: 0, sampleType: 0 },
): PerfEventSpec {
  return {
    type: PERF.PERF_TYPE_SOFTWARE,
    config: PERF.PERF_COUNT_SW_BPF_OUTPUT,
    sampleType: PERF.PERF_SAMPLE_RAW | more.sampleType,
    wakeup,
    flags: more.flags,
  };
}

/** An event on one CPU. */
export class PerfEvent implements Closable {
  /** The event's file descriptor. */
  readonly fd: number;
  /** The CPU it is bound to. */
  readonly cpu: number;
  /** Whether the kernel counts its losses. Before Linux 6.0 it does not. */
  readonly countsLosses: boolean;
  readonly #counts = new DataView(new ArrayBuffer(READ_FORMAT_BYTES));

  private constructor(fd: number, cpu: number, countsLosses: boolean) {
    this.fd = fd;
    this.cpu = cpu;
    this.countsLosses = countsLosses;
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
    let countsLosses = true;
    let { fd, error } = openFile(cpu, spec, PERF.PERF_FORMAT_LOST);
    if (error === EINVAL) {
      // A kernel before 6.0 refuses PERF_FORMAT_LOST so. If it was something else, it refuses again.
      countsLosses = false;
      ({ fd, error } = openFile(cpu, spec, 0));
    }
    if (error === 0) return new PerfEvent(fd, cpu, countsLosses);
    if (error === errnoNumber("ENODEV")) return null;
    throw openFailed(cpu, error);
  }

  /**
   * Reads how many records found the ring full or paused, those after the last LOST record included.
   *
   * @returns The count since the event was opened.
   * @throws {EventPipeError} `NOT_SUPPORTED`, if the kernel does not count.
   */
  lost(): number {
    if (!this.countsLosses) {
      throw new EventPipeError(
        `Cannot read the losses of CPU ${this.cpu}: this kernel does not count them, it needs Linux 6.0 or later (PERF_FORMAT_LOST); add up those of LOST records`,
        "NOT_SUPPORTED",
      );
    }
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

  /**
   * Pauses the event's ring or lets it go on. A paused ring refuses outputs with -ENOSPC and counts them as lost.
   *
   * @param isPaused Whether to pause it.
   */
  pause(isPaused: boolean): void {
    if (libc().ioctl(this.fd, PERF_EVENT_IOC_PAUSE_OUTPUT, isPaused ? 1n : 0n) < 0) {
      const error = errno(); // Errno: read before the message allocates.
      throw syscallFailed(`pause the ring of CPU ${this.cpu}`, "ioctl(PERF_EVENT_IOC_PAUSE_OUTPUT)", error);
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

/** The file of an event; or `error`, the positive error number. */
function openFile(
  cpu: number,
  spec: PerfEventSpec,
  readFormat: number,
): { readonly fd: number; readonly error: number } {
  const attr = encodeAttr(spec, readFormat);
  const flags = BigInt(PERF.PERF_FLAG_FD_CLOEXEC);
  const fd = libc().perf_event_open(NR_PERF_EVENT_OPEN, attr, spec.pid ?? -1, cpu, -1, flags);
  const error = errno(); // Errno: read in the next expression.
  return fd >= 0n ? { fd: Number(fd), error: 0 } : { fd: -1, error };
}

function encodeAttr(
  { type, config, sampleType, samplePeriod = 0, wakeup, flags = 0 }: PerfEventSpec,
  readFormat: number,
): DataView<ArrayBuffer> {
  const { offsets, size } = PERF_EVENT_ATTR;
  const attr = new DataView(new ArrayBuffer(size));
  attr.setUint32(offsets.type, type, true);
  attr.setUint32(offsets.size, size, true);
  attr.setUint32(offsets.config, config, true);
  attr.setUint32(offsets.sample_period, samplePeriod, true);
  attr.setUint32(offsets.sample_type, sampleType, true);
  attr.setUint32(offsets.read_format, readFormat, true);
  // One union holds both thresholds; the flag tells which it is.
  const byBytes = "bytes" in wakeup;
  attr.setUint32(offsets.wakeup_events, byBytes ? watermark(wakeup.bytes) : threshold(wakeup.events), true);
  attr.setUint32(PERF_EVENT_ATTR_FLAGS, byBytes ? flags | PERF_ATTR_FLAG.watermark : flags, true);
  attr.setInt32(offsets.clockid, CLOCK.CLOCK_MONOTONIC, true);
  return attr;
}

function threshold(events: number): number {
  return Math.min(events, MAX_WAKEUP_EVENTS);
}

/**
 * The kernel wakes when more bytes than the watermark have come, and takes 0 for half of the ring, ring_buffer_init(). So
 * one less: with half of the ring, a record of exactly that size would not wake, and a second one not fit.
 */
function watermark(bytes: number): number {
  return Math.max(bytes - 1, 1);
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
      return "this kernel does not know what is asked for";
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
