/**
 * The targets by their names.
 *
 * @module
 */

import * as record from "../../src/record/mod.ts";
import { PerfScanner } from "../../src/ring/perf_scanner.ts";
import { RingbufScanner } from "../../src/ring/ringbuf_scanner.ts";
import type { Target } from "./engine.ts";
import { perfTarget } from "./perf_target.ts";
import { recordingTarget } from "./recording_target.ts";
import { ringbufTarget } from "./ringbuf_target.ts";

/** What can be fuzzed. */
export const TARGETS = ["perf", "ringbuf", "record-file"] as const;

/** The name of a target. */
export type TargetName = typeof TARGETS[number];

/**
 * Makes a target.
 *
 * @param name Its name.
 * @param path A file it may write.
 * @returns The target.
 */
export function openTarget(name: string, path: string): Target<unknown> {
  switch (name as TargetName) {
    case "perf":
      return perfTarget(PerfScanner) as Target<unknown>;
    case "ringbuf":
      return ringbufTarget(RingbufScanner) as Target<unknown>;
    case "record-file":
      return recordingTarget(record, path) as Target<unknown>;
  }
}
