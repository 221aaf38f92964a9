/**
 * What cannot be measured, said before anything is. Relies on the limits of rings.
 *
 * @module
 */

import { LOAD_EVENT } from "../../src/abi/event.ts";
import { MAX_PAYLOAD_BYTES } from "../../src/abi/perf_event.ts";
import { UsageError } from "../../src/cli/args.ts";
import { maxPayloadBytes } from "../../src/ring/geometry.ts";
import { maxRingbufPayloadBytes } from "../../src/ring/ringbuf_geometry.ts";
import { MAX_LATENCIES, type PlannedCell } from "./cell_plan.ts";
import type { PlanOptions } from "./plan_options.ts";
import { waitersOf } from "./suites.ts";

/**
 * Checks what is to be measured.
 *
 * @param options All of it.
 * @throws {UsageError} If an option has a value that cannot be measured whatever the others are.
 */
export function checkOptions({ rates, wakeupEvents, ringBytes, durationMs, repeat }: PlanOptions): void {
  for (const rate of rates) {
    if ("rate" in rate && rate.rate * durationMs / 1000 > MAX_LATENCIES) {
      throw new UsageError(
        `--rate ${rate.rate} and --duration ${durationMs}ms: a cell has at most ${MAX_LATENCIES} events`,
      );
    }
  }
  for (const bytes of ringBytes ?? []) {
    if (bytes < 4096 || bytes > 2 ** 30 || (bytes & (bytes - 1)) !== 0) {
      throw new UsageError(`--ring-bytes ${bytes}: expected a power of two from 4KiB to 1GiB`);
    }
  }
  for (const events of wakeupEvents) {
    if (events < 1 || events > 0xffffffff) {
      throw new UsageError(`--wakeup-events ${events}: expected at least 1`);
    }
  }
  if (durationMs < 10) throw new UsageError(`--duration ${durationMs}ms: expected at least 10ms`);
  if (repeat < 1) throw new UsageError(`--repeat ${repeat}: expected at least 1`);
}

/**
 * Checks a cell.
 *
 * @param cell The cell.
 * @throws {UsageError} If its ring cannot take such events, or cannot be waited for in that way.
 */
export function checkCell(
  { source, setting: { ring, ringBytes, wakeup, waiter }, payloadBytes }: PlannedCell,
): void {
  if (payloadBytes < LOAD_EVENT.bytes || payloadBytes > MAX_PAYLOAD_BYTES) {
    throw new UsageError(
      `--payload ${payloadBytes}: expected ${LOAD_EVENT.bytes} to ${MAX_PAYLOAD_BYTES} bytes`,
    );
  }
  const most = ring === "perf" ? maxPayloadBytes(ringBytes) : maxRingbufPayloadBytes(ringBytes);
  if (payloadBytes > most) {
    throw new UsageError(
      `--payload ${payloadBytes}: a ring of ${ringBytes} bytes never takes more than ${most}`,
    );
  }
  if (wakeup.kind === "bytes" && (wakeup.bytes < 1 || wakeup.bytes > ringBytes / 2)) {
    throw new UsageError(
      `--watermark ${wakeup.bytes}: expected 1 byte to half of the ring, which has ${ringBytes}`,
    );
  }
  if (!waitersOf(source).includes(waiter)) {
    throw new UsageError(
      `--waiter ${waiter}: rings of the ${source} source are waited for with ${waitersOf(source).join(", ")}`,
    );
  }
}
