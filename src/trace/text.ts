/**
 * Text for people, in the manner of `perf script`, so that what reads its lines reads these; a system call looks as
 * `strace` shows it. Every string from outside is escaped: an event is one line and cannot look like another.
 *
 *     cat  4711/4711  [001] 05:01:02.474848: sched:sched_process_exec: filename=/bin/cat pid=4711 old_pid=4711
 *     cat  4711/4711  [001] 05:01:02.475101: openat(dfd: AT_FDCWD, filename: "/x", flags: 0) = -1 ENOENT <0.000023>
 *     [cpu 1] LOST 115 events, noticed at 05:01:02.475230
 *
 * Fields of tracepoints are quoted only where a space, a quote or their beginning could mislead.
 */

import { escapeText, quoteText } from "./escape.ts";
import type { TraceEvent, TraceHeader, TraceLoss, Value } from "./model.ts";
import type { TraceError, TraceOutput } from "./output.ts";
import { resultError } from "./result_error.ts";
import { formatSeconds, type TimeMode, timeWriter } from "./text_time.ts";

/** Better texts than digits, such as `O_RDONLY|O_CLOEXEC`; null where there is none. */
export interface Beautify {
  /** Asked about every field that is not null; `event` is the name of a tracepoint or system call. */
  argument(event: string, field: string, value: Value): string | null;
  /** Asked about results that are no errors. */
  result(call: string, ret: bigint): string | null;
}

/** How to write. */
export interface TextOptions {
  /** Default: `wall`. */
  readonly time?: TimeMode;
  /** Write losses and errors in red. Default: false. */
  readonly color?: boolean;
  /** Default: integers stay digits. */
  readonly beautify?: Beautify;
}

/** Columns as `perf script` has them. */
const COMM_COLUMNS = 15;
const ID_COLUMNS = 5;
const CPU_DIGITS = 3;
const TIME_COLUMNS = 12;

/** A field of a tracepoint that would end too early, or look like a reason or an array. */
const MISLEADING = /[\s"]|^[([]|^$/;

/** An output that writes text. Header and summary are empty: people read those on stderr. */
export function createText(options: TextOptions = {}): TraceOutput {
  return new Text(options);
}

class Text implements TraceOutput {
  readonly #mode: TimeMode;
  readonly #color: boolean;
  readonly #beautify: Beautify | undefined;
  #time: (timeNs: bigint) => string;

  constructor({ time = "wall", color = false, beautify }: TextOptions) {
    this.#mode = time;
    this.#color = color;
    this.#beautify = beautify;
    this.#time = timeWriter(time, 0n);
  }

  header(header: TraceHeader): string {
    this.#time = timeWriter(this.#mode, header.wallOffsetNs);
    return "";
  }

  event(event: TraceEvent): string {
    // A nameless command is shown as perf shows it, by its number.
    const comm = event.comm === "" ? `:${event.pid}` : escapeText(event.comm);
    const pid = String(event.pid).padStart(ID_COLUMNS);
    const tid = String(event.tid).padEnd(ID_COLUMNS);
    const cpu = String(event.cpu).padStart(CPU_DIGITS, "0");
    const time = this.#time(event.time).padStart(TIME_COLUMNS);
    const what = event.call === undefined ? this.#tracepoint(event) : this.#call(event, event.call);
    // A space comes first always, and never before a loss or an error: a long name cannot pass for one.
    return ` ${comm.padStart(COMM_COLUMNS)} ${pid}/${tid} [${cpu}] ${time}: ${what}\n`;
  }

  lost({ time, cpu, count }: TraceLoss): string {
    const where = cpu === null ? "all cpus" : `cpu ${cpu}`;
    const events = count === 1 ? "1 event" : `${count} events`;
    return this.#alarm(`[${where}] LOST ${events}, noticed at ${this.#time(time)}`);
  }

  error({ code, event, field }: TraceError): string {
    const where = event === null ? "" : ` in ${event}${field === null ? "" : `, field ${field}`}`;
    return this.#alarm(`[error] ${escapeText(code + where)}`);
  }

  summary(): string {
    return "";
  }

  #tracepoint(event: TraceEvent): string {
    let text = `${event.event}:`;
    for (const name in event.args) {
      const value = event.args[name]!;
      const shown = this.#show(event, name, value) ?? bare(value as string);
      text += ` ${name}=${shown}`;
    }
    return text;
  }

  #call(event: TraceEvent, call: NonNullable<TraceEvent["call"]>): string {
    let text = `${event.event}(`;
    let comma = "";
    for (const name in event.args) {
      const value = event.args[name]!;
      text += `${comma}${name}: ${this.#show(event, name, value) ?? quoteText(value as string)}`;
      comma = ", ";
    }
    text += `) = ${this.#result(event, call.ret)}`;
    // To the nearest microsecond: many calls take less than one.
    return call.durationNs === null ? text : `${text} <${formatSeconds(call.durationNs + 500n)}>`;
  }

  /** The text of a value, or undefined for a string that nobody had a better text for. */
  #show(event: TraceEvent, field: string, value: Value): string | undefined {
    if (value === null) return `(${escapeText(event.reasons?.[field] ?? "unknown")})`;
    const better = this.#beautify?.argument(event.event, field, value) ?? null;
    if (better !== null) return escapeText(better);
    if (typeof value === "string") return undefined;
    return Array.isArray(value) ? `[${value.join(",")}]` : String(value);
  }

  #result(event: TraceEvent, ret: bigint | null): string {
    if (ret === null) return "?";
    const error = resultError(ret);
    if (error !== null) return `-1 ${error}`;
    return escapeText(this.#beautify?.result(event.event, ret) ?? String(ret));
  }

  #alarm(text: string): string {
    return this.#color ? `\x1b[31m${text}\x1b[0m\n` : `${text}\n`;
  }
}

function bare(text: string): string {
  return MISLEADING.test(text) ? quoteText(text) : escapeText(text);
}
