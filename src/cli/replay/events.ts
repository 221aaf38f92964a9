/**
 * The events of a replay as lines, for people or as JSON Lines.
 *
 * ```text
 * 05:01:02.474848 [001] 3 exec 40 bytes: 03000000 e803000000000000 ...
 * [cpu 1] LOST 115 events
 * ```
 *
 * @module
 */

import type { Event } from "../../pipe/event.ts";
import type { Replay } from "../../record/replay.ts";
import { escapeText } from "../../trace/escape.ts";
import { timeWriter } from "../../trace/text_time.ts";
import type { Report } from "./report.ts";
import { categoryName, categoryOf, timeOf } from "./tally.ts";

/** Makes lines, each with a newline at its end. */
export interface EventLines {
  /** What comes first. */
  header(): string;
  /** An event. */
  event(event: Event): string;
  /** Events that are missing at this place. */
  lost(cpu: number, count: number): string;
  /** What comes last. */
  summary(report: Report): string;
}

/** Bytes of an event that its line of text shows. */
const SHOWN_BYTES = 32;
const CPU_DIGITS = 3;

/**
 * Lines for people: time of day, or since boot where that is all that is known, CPU, category, size, first bytes.
 *
 * @param replay The replay the events are of.
 * @returns What makes the lines.
 */
export function textLines(replay: Replay): EventLines {
  const { wallOffsetNs, dispatchBy } = replay.header;
  const write = timeWriter(wallOffsetNs === null ? "mono" : "wall", wallOffsetNs ?? 0n);
  return {
    header: (): string => "",
    event(event): string {
      const time = timeOf(replay, event);
      const shown = event.bytes(0, Math.min(event.size, SHOWN_BYTES)).toHex();
      const category = categoryOf(replay, event);
      const name = categoryName(replay, category);
      const parts = [
        ...time === null ? [] : [write(BigInt(time))],
        event.cpu < 0 ? "[all]" : `[${String(event.cpu).padStart(CPU_DIGITS, "0")}]`,
        ...dispatchBy === "all" ? [] : [category < 0 ? "none" : String(category)],
        ...name === null ? [] : [escapeText(name)],
        `${event.size} bytes: ${shown}${event.size > SHOWN_BYTES ? " ..." : ""}`,
      ];
      return `${parts.join(" ")}\n`;
    },
    lost: (cpu, count): string => `[cpu ${cpu}] LOST ${count} events\n`,
    summary: (): string => "",
  };
}

/**
 * JSON Lines: a header, events and losses as they come, a summary. All bytes of an event, in hexadecimal digits; times as
 * digits, in ns since boot.
 *
 * @param replay The replay the events are of.
 * @returns What makes the lines.
 */
export function jsonLines(replay: Replay): EventLines {
  const line = (content: unknown): string => `${JSON.stringify(content)}\n`;
  return {
    header(): string {
      const { wallOffsetNs, ...header } = replay.header;
      return line({
        type: "header",
        ...header,
        wallOffsetNs: wallOffsetNs === null ? null : String(wallOffsetNs),
      });
    },
    event(event): string {
      const time = timeOf(replay, event);
      const category = categoryOf(replay, event);
      return line({
        type: "event",
        ts: time === null ? null : String(time),
        cpu: event.cpu,
        category: category < 0 ? null : category,
        name: categoryName(replay, category),
        size: event.size,
        data: event.bytes(0, event.size).toHex(),
      });
    },
    lost: (cpu, count): string => line({ type: "lost", cpu, count }),
    summary: (report): string => line({ type: "summary", ...report }),
  };
}
