/**
 * JSON Lines: a header, then events, losses and errors as they come, then a summary, an object a line. The envelope
 * is version 1: readers ignore unknown keys, and a key that changes its meaning makes version 2. Lines of events are
 * put together by hand, since a replacer that knows bigints costs several times as much.
 *
 * Times are strings of nanoseconds always. Other integers are numbers up to 2^53 - 1 either way and strings beyond.
 */

import type { TraceEvent, TraceHeader, TraceLoss, TraceSummary, Value } from "./model.ts";
import type { TraceError, TraceOutput } from "./output.ts";
import { nineDigits, SplitTime } from "./split_time.ts";

const VERSION = 1;

/**
 * What cannot stand in a string as it is: JSON's own, what breaks lines, and what drives a terminal that shows them,
 * changes of direction among it.
 */
// deno-lint-ignore no-control-regex -- control characters are what it looks for
const UNSAFE = /[\0-\x1f"\\\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/;

/** The part of them that JSON.stringify leaves alone. */
const UNSAFE_IN_JSON = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** An output that writes JSON Lines. */
export function createJsonl(): TraceOutput {
  return new Jsonl();
}

class Jsonl implements TraceOutput {
  /** No second is an empty text, so that the digits of a time have no zeros in front. */
  readonly #monotonic = new SplitTime(0n, (second) => second === 0 ? "" : String(second));
  #wall = new SplitTime(0n, utcSecond);
  /** Names of events and fields as they stand in a line; there are few, and they come again and again. */
  readonly #events = new Map<string, string>();
  readonly #keys = new Map<string, string>();

  header(header: TraceHeader): string {
    this.#wall = new SplitTime(header.wallOffsetNs, utcSecond);
    return line({
      type: "header",
      v: VERSION,
      clock: "monotonic",
      wall_offset_ns: String(header.wallOffsetNs),
      kernel: header.kernel,
      cpus: header.cpus,
      events: header.events,
      backend: header.backend,
      ring_bytes: header.ringBytes,
      watermark_bytes: header.watermarkBytes,
      cmd: header.command,
    });
  }

  event(event: TraceEvent): string {
    const { time, args, call, reasons } = event;
    const wall = this.#wall;
    wall.split(time);
    let text = `{"type":"event","ts":"${this.#ts(time)}","time":"${wall.second}${nineDigits(wall.restNs)}Z"` +
      `,"cpu":${event.cpu},"pid":${event.pid},"tid":${event.tid},"comm":${quote(event.comm)}` +
      this.#eventName(event.event);
    let comma = "";
    for (const name in args) {
      text += comma + this.#key(name) + encode(args[name]!);
      comma = ",";
    }
    text += "}";
    if (call !== undefined) text += `,"ret":${encode(call.ret)},"duration_ns":${encode(call.durationNs)}`;
    if (reasons !== undefined) text += `,"reasons":${encodeAny(reasons)}`;
    return text + "}\n";
  }

  lost(loss: TraceLoss): string {
    return line({ type: "lost", ts: this.#ts(loss.time), cpu: loss.cpu, count: loss.count });
  }

  error(error: TraceError): string {
    return line({ type: "error", code: error.code, event: error.event, field: error.field });
  }

  summary(summary: TraceSummary, exit: number): string {
    const calls = [...summary.calls].map(([name, call]) =>
      [
        name,
        { count: call.count, errors: call.errors, total_ns: call.totalNs, max_ns: call.maxNs },
      ] as const
    );
    return line({
      type: "summary",
      events: summary.events,
      lost: summary.lost,
      missed: summary.missed,
      left: summary.left,
      unfinished: summary.unfinished,
      exact: summary.exact,
      duration_ns: summary.durationNs,
      per_event: Object.fromEntries(summary.perEvent),
      per_cpu: summary.perCpu.map(({ cpu, events, lost }) => ({ cpu, events, lost })),
      calls: Object.fromEntries(calls),
      exit,
    });
  }

  #ts(time: bigint): string {
    if (time < 0n) return String(time);
    const monotonic = this.#monotonic;
    monotonic.split(time);
    return monotonic.second === ""
      ? String(monotonic.restNs)
      : monotonic.second + nineDigits(monotonic.restNs);
  }

  #eventName(name: string): string {
    let text = this.#events.get(name);
    if (text === undefined) {
      text = `,"event":${quote(name)},"args":{`;
      this.#events.set(name, text);
    }
    return text;
  }

  #key(name: string): string {
    let text = this.#keys.get(name);
    if (text === undefined) {
      text = `${quote(name)}:`;
      this.#keys.set(name, text);
    }
    return text;
  }
}

/** `2026-11-22T05:01:02.` for a second since 1970. */
function utcSecond(second: number): string {
  return new Date(second * 1000).toISOString().slice(0, -4);
}

/** A line for what comes seldom. */
function line(content: Readonly<Record<string, unknown>>): string {
  return `${encodeAny(content)}\n`;
}

/** A field's value as JSON. */
function encode(value: Value): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return Number.isSafeInteger(value) ? String(value) : encodeRareNumber(value);
    case "bigint":
      return encodeBigInt(value);
    case "boolean":
      return value ? "true" : "false";
    default:
      return value === null ? "null" : `[${value.map(encode).join(",")}]`;
  }
}

/** Objects and arrays of any depth; what JSON cannot hold is null. */
function encodeAny(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encodeAny).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value).map(([key, each]) => `${quote(key)}:${encodeAny(each)}`).join(",")}}`;
  }
  return encode(value as Value);
}

function encodeBigInt(value: bigint): string {
  const isSafe = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
  return isSafe ? String(value) : `"${value}"`;
}

/** A number that is no safe integer: beyond 2^53, a fraction, or none at all. */
function encodeRareNumber(value: number): string {
  if (Number.isInteger(value)) return `"${BigInt(value)}"`;
  return Number.isFinite(value) ? String(value) : "null";
}

/** A JSON string of ASCII and harmless characters. */
function quote(text: string): string {
  if (!UNSAFE.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    UNSAFE_IN_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
