/**
 * Takes the forwarder's events apart: `struct trace_event` of bpf/trace.h, the record behind it, and the slots of strings.
 *
 * @module
 */

import { SYSCALL_RECORD, TRACE, TRACE_EVENT, TRACE_FLAG } from "../abi/trace.ts";
import type { Event } from "../pipe/event.ts";
import { type Decoder, makeDecoder, textAt } from "./decode.ts";
import { copyOf } from "./event_copy.ts";
import type { EventFormat } from "./format.ts";
import type { TraceEvent } from "./model.ts";

/** What a category of the forwarder is. */
export interface TargetKind {
  /** The event's name. */
  readonly event: string;
  /** Whether it is a system call as a whole, or a record of a tracepoint. */
  readonly isCall: boolean;
  /** Decodes the record. */
  readonly decode: Decoder;
}

/** A tracepoint. */
export function tracepointKind(event: string, format: EventFormat): TargetKind {
  return { event, isCall: false, decode: makeDecoder(format) };
}

/** A system call as a whole, by its bare name; the format is that of its beginning. */
export function callKind(event: string, enter: EventFormat): TargetKind {
  return { event, isCall: true, decode: makeDecoder(enter) };
}

/** The beginning of a system call as its tracepoint has it. */
export const enterKind = tracepointKind;

/** The end of a system call as its tracepoint has it. */
export const exitKind = tracepointKind;

/**
 * Decodes an event of the forwarder.
 *
 * @param event The event in the ring.
 * @param kind What its category is.
 * @returns The event, which owns all it holds.
 */
export function processForwarded(event: Event, kind: TargetKind): TraceEvent {
  const view = event.size < TRACE_EVENT.bytes ? headOf(event) : copyOf(event);
  const recordBytes = Math.min(
    view.getUint32(TRACE_EVENT.record_bytes, true),
    view.byteLength - TRACE_EVENT.bytes,
  );
  const slots = TRACE_EVENT.bytes + recordBytes;
  const strings = [stringAt(view, slots, 0), stringAt(view, slots, 1)];
  const isCall = kind.isCall;
  const argsBytes = isCall ? Math.min(recordBytes, SYSCALL_RECORD.enterBytes) : recordBytes;
  const { args, reasons } = kind.decode(view, TRACE_EVENT.bytes, argsBytes, strings);
  const decoded: { -readonly [K in keyof TraceEvent]: TraceEvent[K] } = {
    time: view.getBigUint64(TRACE_EVENT.time_ns, true),
    cpu: event.cpu,
    pid: view.getUint32(TRACE_EVENT.pid, true),
    tid: view.getUint32(TRACE_EVENT.tid, true),
    comm: textAt(view, TRACE_EVENT.comm, TRACE_EVENT.comm + TRACE.TRACE_COMM),
    event: kind.event,
    args,
  };
  if (reasons !== undefined) decoded.reasons = reasons;
  if (isCall) decoded.call = callAt(view, recordBytes, decoded.time);
  return decoded;
}

/** An event that is shorter than its head ends in zeros. */
function headOf(event: Event): DataView {
  const bytes = new Uint8Array(TRACE_EVENT.bytes);
  bytes.set(event.bytes(0, event.size));
  return new DataView(bytes.buffer);
}

/** What a system call came to. */
function callAt(view: DataView, recordBytes: number, end: bigint): NonNullable<TraceEvent["call"]> {
  const isCut = recordBytes < SYSCALL_RECORD.bytes;
  if (isCut || (view.getUint32(TRACE_EVENT.flags, true) & TRACE_FLAG.TRACE_NO_RETURN) !== 0) {
    return { ret: null, durationNs: null };
  }
  return {
    ret: view.getBigInt64(TRACE_EVENT.bytes + SYSCALL_RECORD.ret, true),
    durationNs: end - view.getBigUint64(TRACE_EVENT.start_ns, true),
  };
}

/** A string slot: the text, or why there is none as a negative errno. */
function stringAt(view: DataView, slots: number, index: number): string | number {
  const length = view.getInt16(TRACE_EVENT.string_bytes + index * 2, true);
  if (length <= 0) return length === 0 ? "" : length;
  const start = slots + index * TRACE.TRACE_STRING_MAX;
  return textAt(view, start, Math.min(start + Math.min(length, TRACE.TRACE_STRING_MAX), view.byteLength));
}
