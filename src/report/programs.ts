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
  "The best of each column is bold. Full ring: time to take an event out of a ring that was filled before. Rate without loss: " +
  "the highest of those that were tried; at least, where no higher one could be offered. p50 and p99: from output to handler, " +
  "asleep between events. CPU: user and system time at 1M events/s. Memory: resident, rings included. First event: from the " +
  "start of the process.";

interface ProgramColumn {
  readonly head: string;
  readonly value: (program: ProgramRecord) => number | null;
  readonly text: (value: number, program: ProgramRecord) => string;
  /** Whether more is better; less is, unless said. */
  readonly isMoreBetter?: boolean;
}

const COLUMNS: readonly ProgramColumn[] = [
  { head: "full ring, per event", value: ({ consumeNs }) => consumeNs, text: formatNs },
  {
    head: "rate without loss",
    value: ({ lossFreeRate }) => lossFreeRate,
    text: (rate, { rateLimited }) => `${rateLimited === true ? "at least " : ""}${formatCount(rate)}/s`,
    isMoreBetter: true,
  },
  { head: "p50", value: ({ p50 }) => p50, text: formatNs },
  { head: "p99", value: ({ p99 }) => p99, text: formatNs },
  { head: "CPU per event at 1M/s", value: ({ cpuNsPerEvent }) => cpuNsPerEvent, text: formatNs },
  { head: "memory", value: ({ residentBytes }) => residentBytes, text: formatBytes },
  { head: "first event", value: ({ firstEventNs }) => firstEventNs, text: formatNs },
];

/**
 * The table of programs.
 *
 * @param programs Of a results file.
 * @returns A row for each, in their order.
 */
export function programsTable(programs: readonly ProgramRecord[]): TextTable {
  const best = COLUMNS.map(({ value, isMoreBetter }) => {
    const values = programs.map(value).filter((each) => each !== null);
    if (values.length < 2) return null;
    return isMoreBetter ? Math.max(...values) : Math.min(...values);
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
