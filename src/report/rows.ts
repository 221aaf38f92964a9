/**
 * Cells as rows of text: which tables there are, which columns a table needs, and what stands in each field.
 * Both the markdown and the terminal report draw what this returns, so they cannot disagree. Relies on the
 * formatters of the units parser.
 */

import { formatBytes, formatCount, formatNs } from "../cli/units.ts";
import { shareText, shortRateText } from "./cell_name.ts";
import { isLostPercentile, type PercentileName } from "./percentiles.ts";
import type { Cell, LatencyStage, NoiseFloorRecord, Results } from "./schema.ts";

/** What stands for a value that was not measured. */
export const ABSENT = "-";

/** What stands for a percentile that only lost events would attain. */
export const LOST = "lost";

/** The cells of one table. Kernel and memory cells are never in one. */
export interface Group {
  readonly suite: string;
  readonly source: Cell["source"];
  /** What the source means, for the table's heading. */
  readonly sourceLabel: string;
  readonly cells: readonly Cell[];
  /** What the machine alone adds to a latency; null where it was not measured. */
  readonly floor: Floor | null;
}

/** How long a loop that only reads the clock is kept away from a moment drawn at random. */
export type Floor = NonNullable<NoiseFloorRecord["delays"]>;

/** One line of a table: a cell with one of its latency stages. */
export interface Row {
  readonly cell: Cell;
  readonly stage: LatencyStage | null;
  /** False in the further lines of a cell with several stages, which repeat nothing of the cell. */
  readonly first: boolean;
}

/**
 * What a column is about: the configuration (left out where it is the same in all rows), the settings that are
 * always shown, the outcome, or latencies with the name of their stage.
 */
export type ColumnKind = "configuration" | "setting" | "outcome" | "stage" | "latency";

/** One column of a table. */
export interface Column {
  readonly head: string;
  /** The heading where room is scarce. */
  readonly short: string;
  readonly kind: ColumnKind;
  /** Numbers are set to the right. */
  readonly right: boolean;
  readonly text: (row: Row) => string;
  /** The text where room is scarce. */
  readonly shortText: (row: Row) => string;
}

/** The rows of a group, the columns that differ between them, and what is the same in all of them. */
export interface Table {
  readonly rows: readonly Row[];
  readonly columns: readonly Column[];
  /** Column headings with the one text they have in every row, such as `waiter epoll`. */
  readonly shared: readonly string[];
}

const SOURCE_LABELS: Readonly<Record<Cell["source"], string>> = {
  kernel: "kernel events",
  memory: "memory source: no kernel involved",
};

const CONFIGURATION: readonly Column[] = [
  configuration("ring", ({ ring }) => ring),
  configuration("reader", ({ peer, scanner }) => peer ?? `eventpipe/${scanner ?? "?"}`),
  configuration("waiter", ({ waiter }) => waiter === "none" ? ABSENT : waiter),
  configuration("work", workText),
  configuration("payload", ({ payload, payloadBytes }) => payload ?? formatBytes(payloadBytes)),
  configuration("rings", ({ rings }) => rings === undefined ? ABSENT : String(rings)),
  configuration("CPUs", ({ cpus }) => String(cpus), ({ cpus }) => cpus === 1 ? "1 CPU" : `${cpus} CPUs`),
  configuration("load", loadColumnText, shortRateText),
  configuration("arrivals", ({ arrivals = "pingpong" }) => arrivals === "pingpong" ? ABSENT : arrivals),
];

const STAGE: Column = {
  ...ofStage("latency", ({ from, stage }) => `${from} to ${stage}`),
  kind: "stage",
  right: false,
};

/** Shown whether they differ or not. */
const SETTINGS: readonly Column[] = [
  setting("ring size", "ring", ({ ringBytes }) => formatBytes(ringBytes)),
  setting("wake-up every", "wake", wakeupText, shortWakeupText),
];

const COUNTS: readonly Column[] = [
  outcome(
    "produced",
    "prod",
    ({ produced }) => exactCount(produced),
    ({ produced }) => formatCount(produced),
  ),
  outcome("lost", "lost", lostText, ({ lost, produced }) => lost === 0 ? "0" : percent(lost, produced)),
];

const RATES: readonly Column[] = [
  outcome("events/wake-up", "ev/wake", ({ dispatched, wakeups }) => {
    return wakeups === null || wakeups === 0 ? ABSENT : formatCount(dispatched / wakeups);
  }),
  outcome("events/s", "ev/s", ({ eventsPerSecond }) => formatCount(eventsPerSecond)),
  outcome(
    "consumer ns/event",
    "ns/ev",
    ({ consumeNsPerEvent }) => formatNumber(consumeNsPerEvent),
  ),
  outcome("consumer CPU ns/event", "cpu-ns", ({ cpuNsPerEvent }) => formatNumber(cpuNsPerEvent)),
];

const LEFT = outcome("left", "left", ({ left }) => exactCount(left), ({ left }) => formatCount(left));
const WAKEUPS = outcome("wake-ups", "wakeups", ({ wakeups }) => {
  return wakeups === null ? ABSENT : exactCount(wakeups);
}, ({ wakeups }) => wakeups === null ? ABSENT : formatCount(wakeups));

/** Shown only where one of them is not zero. */
const TROUBLE: readonly Column[] = [
  outcome("unknown", "unkn", ({ unknown }) => exactCount(unknown), ({ unknown }) => formatCount(unknown)),
  outcome("corrupt", "corr", ({ corrupt }) => exactCount(corrupt), ({ corrupt }) => formatCount(corrupt)),
];

const PERCENTILES: readonly Column[] = ([["p50"], ["p90"], ["p99"], ["p999", "p99.9"]] as const).map((
  [name, head = name],
) => ofStage(head, (stage) => percentileText(stage, name)));

const MAX = ofStage("max", ({ max }) => max === null ? ABSENT : formatNs(max));

/** Where the consumer's CPU time went; only new files have these. */
const SHARES: readonly Column[] = [
  outcome(
    "in the program, CPU ns/event",
    "user-ns",
    ({ userNsPerEvent = null }) => formatNumber(userNsPerEvent),
  ),
  outcome(
    "in the kernel, CPU ns/event",
    "sys-ns",
    ({ systemNsPerEvent = null }) => formatNumber(systemNsPerEvent),
  ),
  outcome(
    "switches (given / taken)",
    "switches",
    ({ switches }) =>
      switches ? `${exactCount(switches.voluntary)} / ${exactCount(switches.involuntary)}` : ABSENT,
    ({ switches }) =>
      switches ? `${formatCount(switches.voluntary)}/${formatCount(switches.involuntary)}` : ABSENT,
  ),
  outcome("CPU time stolen", "stolen", ({ stealShare }) => shareColumnText(stealShare)),
  outcome("waited for the CPU", "waited", ({ waitShare }) => shareColumnText(waitShare)),
];

const RATIO = outcome("ratio (95% interval)", "ratio", ({ ratio }) => {
  if (ratio === null) return ABSENT;
  const { to, median, low, high, pairs } = ratio;
  return `${formatNumber(median)} (${formatNumber(low)} to ${
    formatNumber(high)
  }) against ${to}, ${pairs} pairs`;
}, ({ ratio }) => formatNumber(ratio?.median ?? null));

const JUDGEMENT: readonly Column[] = [
  outcome("worst launch", "worst", ({ launchMedians = [] }) => {
    return launchMedians.length === 0 ? ABSENT : formatNumber(Math.max(...launchMedians));
  }),
  outcome(
    "detectable",
    "detect",
    ({ detectable }) => typeof detectable === "number" ? percent(detectable, 1) : ABSENT,
  ),
  outcome("verdict", "verdict", ({ verdict }) => verdict ?? ABSENT),
];

/** Cells by source and suite: kernel before memory, suites in the order of their first cell. */
export function groupCells(results: Pick<Results, "cells" | "noiseFloor">): Group[] {
  const floor = results.noiseFloor?.delays ?? null;
  const groups: Group[] = [];
  for (const source of ["kernel", "memory"] as const) {
    const cells = results.cells.filter((cell) => cell.source === source);
    for (const suite of new Set(cells.map((cell) => cell.suite))) {
      const ofSuite = cells.filter((cell) => cell.suite === suite);
      groups.push({ suite, source, sourceLabel: SOURCE_LABELS[source], cells: ofSuite, floor });
    }
  }
  return groups;
}

/**
 * Lay out a group: a row per cell, and per latency to the handler where it has several. Flags are left to the
 * caller, since the reports write them differently.
 */
export function layOut({ cells, floor }: Group): Table {
  const rows = cells.flatMap(rowsOf);
  const measured = [
    ...SETTINGS,
    ...COUNTS,
    LEFT,
    WAKEUPS,
    ...RATES,
    ...SHARES,
    ...PERCENTILES,
    MAX,
    ...(floor === null ? [] : [overFloor(floor)]),
    RATIO,
    ...JUDGEMENT,
  ];
  return tableOf(rows, [...CONFIGURATION, STAGE], measured);
}

/**
 * Lay out the stages of an event's road: a row per cell, a column per stage. A table without rows where no cell has
 * stages beside the whole road.
 */
export function layOutStages({ cells }: Group): Table {
  const staged = cells.filter((cell) => stagesOf(cell).length > 0);
  const roads = [...new Map(staged.flatMap(stagesOf).map((stage) => [stageName(stage), stage])).keys()];
  const columns = ROAD.filter((name) => roads.includes(name))
    .concat(roads.filter((name) => !ROAD.includes(name)))
    .map((name): Column => {
      const text = ({ cell }: Row): string => {
        const found = stagesOf(cell).find((stage) => stageName(stage) === name);
        return found === undefined
          ? ABSENT
          : `${percentileText(found, "p50")} / ${percentileText(found, "p99")}`;
      };
      return { head: name, short: name, kind: "latency", right: true, text, shortText: text };
    });
  const rows = staged.map((cell) => ({ cell, stage: null, first: true }));
  return tableOf(rows, CONFIGURATION, [...SETTINGS, ...columns]);
}

/** The stages of an event's road in its order. */
const ROAD: readonly string[] = [
  "asked to emitted",
  "planned to emitted",
  "emitted to wake",
  "wake to read",
  "read to handled",
];

/** The name of a stage: from where to where. */
export function stageName({ from, stage }: LatencyStage): string {
  return `${from} to ${stage}`;
}

/**
 * The parts of the road that a cell was clocked on, in the order of the road; latencies to the handler from the time
 * that a user's clock starts at are the whole of it, and none of these.
 */
export function stagesOf({ latency }: Cell): LatencyStage[] {
  const parts = (latency ?? []).filter((stage) => !isWhole(stage));
  return parts.sort((one, other) => ROAD.indexOf(stageName(one)) - ROAD.indexOf(stageName(other)));
}

function isWhole({ stage, from }: LatencyStage): boolean {
  return stage === "handled" && from !== "wake" && from !== "read";
}

/** The configuration where it differs, the rest that has values, and what all rows share. */
function tableOf(rows: readonly Row[], naming: readonly Column[], measured: readonly Column[]): Table {
  const isAbsent = (column: Column): boolean => rows.every((row) => [ABSENT, ""].includes(column.text(row)));
  const isZero = (column: Column): boolean => rows.every((row) => ["0", ""].includes(column.text(row)));
  const configuring = naming.filter((column) => !isAbsent(column));
  const differing = configuring.filter((column) => sharedText(column, rows) === null);
  return {
    rows,
    columns: [
      ...differing,
      ...measured.filter((column) => !isAbsent(column)),
      ...TROUBLE.filter((column) => !isZero(column)),
    ],
    shared: configuring.filter((column) => !differing.includes(column))
      .map((column) => `${column.head} ${sharedText(column, rows)}`),
  };
}

/** The flags that occur in any of the cells, in alphabetical order. */
export function flagsOf(cells: readonly Cell[]): string[] {
  return [...new Set(cells.flatMap((cell) => cell.flags))].sort();
}

/** `part` of `whole` in percent; what is too small to print is not printed as nothing. */
export function percent(part: number, whole: number): string {
  const value = part / whole * 100;
  if (part > 0 && value < 0.01) return "<0.01%";
  return `${value >= 10 ? value.toFixed(1) : value.toFixed(2)}%`;
}

function rowsOf(cell: Cell): Row[] {
  const whole = (cell.latency ?? []).filter(isWhole);
  if (whole.length === 0) return [{ cell, stage: null, first: true }];
  return whole.map((stage, index) => ({ cell, stage, first: index === 0 }));
}

/** The text a column has in all rows, or null when it differs. */
function sharedText(column: Column, rows: readonly Row[]): string | null {
  const texts = new Set(rows.map((row) => column.text(row)).filter((text) => text !== ""));
  return texts.size === 1 ? [...texts][0] ?? null : null;
}

function configuration(
  head: string,
  text: (cell: Cell) => string,
  shortText: (cell: Cell) => string = text,
): Column {
  return { ...outcome(head, head, text, shortText), kind: "configuration", right: false };
}

function setting(
  head: string,
  short: string,
  text: (cell: Cell) => string,
  shortText: (cell: Cell) => string = text,
): Column {
  return { ...outcome(head, short, text, shortText), kind: "setting" };
}

function outcome(
  head: string,
  short: string,
  text: (cell: Cell) => string,
  shortText: (cell: Cell) => string = text,
): Column {
  return {
    head,
    short,
    kind: "outcome",
    right: true,
    text: ({ cell, first }) => first ? text(cell) : "",
    shortText: ({ cell, first }) => first ? shortText(cell) : "",
  };
}

/** A column that has a text in the further lines of a cell too. */
function ofStage(head: string, textOf: (stage: LatencyStage) => string): Column {
  const text = ({ stage }: Row): string => stage === null ? ABSENT : textOf(stage);
  return { head, short: head, kind: "latency", right: true, text, shortText: text };
}

/** What is done with events, where a suite measures several works. */
export function workText({ delivery, handlers = 0 }: Cell): string {
  if (delivery === undefined) return ABSENT;
  return handlers === 0 ? delivery : `${delivery}, ${handlers} ${handlers === 1 ? "handler" : "handlers"}`;
}

/** A percentile; that of events which never came is said to be lost, not left out. */
function percentileText(stage: LatencyStage, name: PercentileName): string {
  const ns = stage[name];
  return ns !== null ? formatNs(ns) : isLostPercentile(stage, name) ? LOST : ABSENT;
}

/** How a p99 compares with what the machine alone adds at its p99: near 1, it tells of the machine. */
function overFloor({ p99: floor }: Floor): Column {
  return ofStage("p99/floor", ({ p99 }) => {
    return p99 === null || floor === null || !(floor > 0)
      ? ABSENT
      : `${Number((p99 / floor).toPrecision(2))}x`;
  });
}

function loadColumnText({ rate, arrivals, loadShare }: Cell): string {
  if (arrivals === "pingpong") return "asked for one by one";
  if (rate === null) return "saturating";
  return `${formatCount(rate)}/s${loadShare === undefined ? "" : `, ${shareText(loadShare)}`}`;
}

function shareColumnText(share: number | null | undefined): string {
  return typeof share === "number" ? percent(share, 1) : ABSENT;
}

/** What was asked for, and what is in effect when that differs: `512 (in effect 170)`. */
function wakeupText(cell: Cell): string {
  const effective = differingWakeup(cell);
  // An average over records of several sizes need not be whole.
  const text = effective === null ? "" : ` (in effect ${exactCount(Math.round(effective))})`;
  return askedWakeup(cell) + text;
}

function shortWakeupText(cell: Cell): string {
  const effective = differingWakeup(cell);
  return effective === null ? askedWakeup(cell) : `${askedWakeup(cell)}>${formatCount(effective)}`;
}

/** Events, or bytes where a byte watermark was asked for. */
function askedWakeup({ wakeupEvents, watermarkBytes }: Cell): string {
  if (watermarkBytes !== null) return formatBytes(watermarkBytes);
  return wakeupEvents === null ? ABSENT : String(wakeupEvents);
}

/** Beside `wakeup_events` a half-ring watermark is always armed; it is named where it wakes for one in five. */
function differingWakeup({ wakeupEvents, effectiveWakeupEvents }: Cell): number | null {
  if (wakeupEvents === null || effectiveWakeupEvents === null) return effectiveWakeupEvents;
  return effectiveWakeupEvents < 0.8 * wakeupEvents ? effectiveWakeupEvents : null;
}

function lostText({ lost, produced }: Cell): string {
  return lost === 0 ? "0" : `${exactCount(lost)} (${percent(lost, produced)})`;
}

/** All digits, in groups of three. */
function exactCount(count: number): string {
  return count.toLocaleString("en-US");
}

function formatNumber(value: number | null): string {
  return value === null ? ABSENT : formatCount(value);
}
