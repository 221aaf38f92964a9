/**
 * What each program can do, side by side: eventpipe and those beside it, the best of each column marked. Relies on the
 * formatters of the units parser.
 *
 * @module
 */

import { formatBytes, formatCount, formatNs } from "../cli/units.ts";
import type { ProgramRecord } from "./schema.ts";
import { ABSENT } from "./rows.ts";
import type { TextField, TextTable } from "./text_table.ts";

/** What the columns mean, for reports. */
export const PROGRAMS_ABOUT =
  "The best of a column is bold, but not of rates, which may be those of who emits, nor of latencies, whose differences " +
  "may be the machine's. Full ring: time to take an event out of a ring that was filled before. Rate without loss: " +
  "the highest of those that were tried; at least, where no higher one could be offered. p50 and p99: from output to handler, " +
  "asleep between events. CPU: user and system time at 1M events/s. Memory: resident, rings included. First event: from the " +
  "start of the process.";

interface ProgramColumn {
  readonly head: string;
  readonly value: (program: ProgramRecord) => number | null;
  readonly text: (value: number, program: ProgramRecord) => string;
  /** Whether the least of the column is told to be the best: what this measurement can tell. */
  readonly isRanked: boolean;
}

const COLUMNS: readonly ProgramColumn[] = [
  { head: "full ring, per event", value: ({ consumeNs }) => consumeNs, text: formatNs, isRanked: true },
  {
    head: "rate without loss",
    value: ({ lossFreeRate }) => lossFreeRate,
    text: (rate, { rateLimited }) => `${rateLimited === true ? "at least " : ""}${formatCount(rate)}/s`,
    isRanked: false,
  },
  { head: "p50", value: ({ p50 }) => p50, text: formatNs, isRanked: false },
  { head: "p99", value: ({ p99 }) => p99, text: formatNs, isRanked: false },
  {
    head: "CPU per event at 1M/s",
    value: ({ cpuNsPerEvent }) => cpuNsPerEvent,
    text: formatNs,
    isRanked: true,
  },
  { head: "memory", value: ({ residentBytes }) => residentBytes, text: formatBytes, isRanked: true },
  { head: "first event", value: ({ firstEventNs }) => firstEventNs, text: formatNs, isRanked: true },
];

/**
 * The table of programs.
 *
 * @param programs Of a results file.
 * @returns A row for each, in their order.
 */
export function programsTable(programs: readonly ProgramRecord[]): TextTable {
  const best = COLUMNS.map(({ value, isRanked }) => {
    const values = programs.map(value).filter((each) => each !== null);
    return isRanked && values.length >= 2 ? Math.min(...values) : null;
  });
  return {
    columns: [{ head: "program" }, { head: "ring" }, ...COLUMNS.map(({ head }) => ({ head, right: true }))],
    rows: programs.map((program) => [
      { text: program.peer },
      { text: program.ring === "perf" ? "perf rings" : "BPF ring buffer" },
      ...COLUMNS.map(({ value, text }, index): TextField => {
        const number = value(program);
        if (number === null) return { text: ABSENT };
        return number === best[index]
          ? { text: text(number, program), isBest: true }
          : { text: text(number, program) };
      }),
    ]),
  };
}
