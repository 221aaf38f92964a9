/**
 * What every output of the tracer can do: make text of events, losses, errors, and of what is said at the beginning
 * and the end. Outputs write nothing themselves, so they are tested without files; writer.ts writes what they return.
 */

import type { TraceEvent, TraceHeader, TraceLoss, TraceSummary } from "./model.ts";

/** Something the tracer could not do while it went on tracing. */
export interface TraceError {
  /** What went wrong, for a program to act on, such as `unreadable_string`. */
  readonly code: string;
  /** The event it happened to; null where it belongs to none. */
  readonly event: string | null;
  /** The field of the event; null where it belongs to none. */
  readonly field: string | null;
}

/** Each method returns whole lines, each with its newline, or an empty string where the format says nothing. */
export interface TraceOutput {
  /** The beginning. It comes before everything else, since it sets the wall clock. */
  header(header: TraceHeader): string;
  /** One event. */
  event(event: TraceEvent): string;
  /** A gap in the stream, where it was noticed. */
  lost(loss: TraceLoss): string;
  /** An error that does not end the run. */
  error(error: TraceError): string;
  /** The end; `exit` is the status the tracer will exit with. */
  summary(summary: TraceSummary, exit: number): string;
}
