/**
 * One perf event that receives a CPU's BPF output: the file behind a ring. Opening, reading its losses and closing.
 *
 * @module
 */

import { NR_PERF_EVENT_OPEN } from "../abi/linux.ts";
import { PERF, PERF_EVENT_ATTR, PERF_EVENT_IOC_DISABLE } from "../abi/perf_event.ts";
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

/** A software event of type BPF_OUTPUT on one CPU. */
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
   * @param wakeupEvents Wake the reader after this many records.
   * @returns The event, or null if the CPU is offline.
   * @throws {EventPipeError} If the kernel refuses.
   */
  static open(cpu: number, wakeupEvents: number): PerfEvent | null {
    const { offsets, size } = PERF_EVENT_ATTR;
    const attr = new DataView(new ArrayBuffer(size));
    attr.setUint32(offsets.type, PERF.PERF_TYPE_SOFTWARE, true);
    attr.setUint32(offsets.size, size, true);
    attr.setUint32(offsets.config, PERF.PERF_COUNT_SW_BPF_OUTPUT, true);
    attr.setUint32(offsets.sample_type, PERF.PERF_SAMPLE_RAW, true);
    attr.setUint32(offsets.read_format, PERF.PERF_FORMAT_LOST, true);
    attr.setUint32(offsets.wakeup_events, Math.min(wakeupEvents, MAX_WAKEUP_EVENTS), true);
    const flags = BigInt(PERF.PERF_FLAG_FD_CLOEXEC);
    const fd = libc().perf_event_open(NR_PERF_EVENT_OPEN, attr, -1, cpu, -1, flags);
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

  /** Stops and closes the event. */
  close(): void {
    libc().ioctl(this.fd, PERF_EVENT_IOC_DISABLE, 0n);
    libc().close(this.fd);
  }
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
    case "EPERM":
    case "EACCES":
      return "it needs CAP_PERFMON (or root); see /proc/sys/kernel/perf_event_paranoid";
    default:
      return "";
  }
}
