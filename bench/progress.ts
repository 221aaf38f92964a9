/**
 * Says on stderr how far a run is: on a terminal a line for each cell that is done, under the names of its columns, and
 * below them a bar with the time that is left; elsewhere a line per cell.
 *
 * @module
 */

import cliProgress from "cli-progress";
import { formatBytes, formatCount, formatNs } from "../src/cli/units.ts";
import type { Cell } from "../src/report/schema.ts";
import type { PlannedCell } from "./plan/cell_plan.ts";
import { expectedMs } from "./plan/plan.ts";
import { describeWakeup } from "./setting.ts";

/** Where a run tells how far it is. */
export interface Progress {
  /** A cell begins. */
  begin(plan: PlannedCell): void;
  /** The cell has ended. */
  end(cell: Cell): void;
  /** The run has ended. */
  close(): void;
}

/**
 * Opens the display that fits stderr.
 *
 * @param plans The cells of the run.
 * @returns The display.
 */
export function openProgress(plans: readonly PlannedCell[]): Progress {
  return Deno.stderr.isTerminal() ? openTable(plans) : openLines(plans);
}

/** Columns of the table of a terminal; a narrow one cuts off the last. */
const COLUMNS: readonly { readonly head: string; readonly width: number; text(cell: Cell): string }[] = [
  { head: "cell", width: 22, text: ({ source, suite, ring }) => `${source} ${suite} ${ring}` },
  { head: "ring", width: 7, text: ({ ringBytes }) => formatBytes(ringBytes) },
  { head: "wake-up", width: 8, text: wakeupText },
  { head: "load", width: 12, text: loadText },
  { head: "events/s", width: 8, text: ({ eventsPerSecond }) => formatCount(eventsPerSecond) },
  { head: "p50", width: 7, text: (cell) => latencyText(cell, "p50") },
  { head: "p99", width: 7, text: (cell) => latencyText(cell, "p99") },
  { head: "lost", width: 6, text: ({ lost }) => formatCount(lost) },
  { head: "waiter", width: 10, text: ({ waiter }) => waiter },
  { head: "payload", width: 7, text: ({ payloadBytes }) => formatBytes(payloadBytes) },
];

function openTable(plans: readonly PlannedCell[]): Progress {
  let done = 0;
  const bars = new cliProgress.MultiBar({
    format: "{bar} {value}/{total} {left} left: {cell}",
    hideCursor: true,
    clearOnComplete: true,
    barsize: 20,
  });
  const bar = bars.create(plans.length, 0, { cell: "", left: leftText(plans, 0) });
  bars.log(tableLine(({ head }) => head));
  return {
    begin(plan): void {
      bar.update({ cell: describe(plan), left: leftText(plans, done) });
      bars.update();
    },
    end(cell): void {
      done++;
      bars.log(tableLine(({ text }) => text(cell)));
      bar.update(done, { left: leftText(plans, done) });
      bars.update();
    },
    close(): void {
      bars.stop();
    },
  };
}

function tableLine(textOf: (column: typeof COLUMNS[number]) => string): string {
  return COLUMNS.map((column) => textOf(column).padEnd(column.width)).join(" ").trimEnd() + "\n";
}

function openLines(plans: readonly PlannedCell[]): Progress {
  let done = 0;
  let now: PlannedCell | undefined;
  return {
    begin(plan): void {
      now = plan;
    },
    end(cell): void {
      done++;
      const p50 = latencyText(cell, "p50");
      const outcome = p50 === "" ? `${formatCount(cell.eventsPerSecond)} events/s` : `p50 ${p50}`;
      console.error(
        `[${done}/${plans.length}] ${describe(now!)}: ${outcome}, ${leftText(plans, done)} left`,
      );
    },
    close(): void {},
  };
}

function leftText(plans: readonly PlannedCell[], done: number): string {
  const seconds = Math.ceil(expectedMs(plans.slice(done)) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/**
 * A cell in some words.
 *
 * @param plan The cell.
 * @returns The words.
 */
export function describe({ source, suite, setting, payloadBytes, cpus, load }: PlannedCell): string {
  const { ring, ringBytes, waiter } = setting;
  return [
    `${source} ${suite}`,
    `${ring} ${formatBytes(ringBytes)}`,
    describeWakeup(setting).replace("wakeup_events", "wakeup"),
    `payload ${formatBytes(payloadBytes)}`,
    ...(waiter === "epoll" || waiter === "atomics" ? [] : [waiter]),
    ...(cpus === 1 ? [] : [`${cpus} CPUs`]),
    ...(load.kind === "saturating" || load.kind === "pingpong" ? [] : [
      load.kind === "rate" ? `${formatCount(load.rate)}/s` : `${Math.round(load.share * 100)}% of capacity`,
      ...(load.arrivals === "fixed" ? [] : [load.arrivals]),
    ]),
  ].join(", ");
}

function wakeupText({ wakeupEvents, watermarkBytes }: Cell): string {
  if (wakeupEvents !== null) return formatCount(wakeupEvents);
  return watermarkBytes === null ? "adaptive" : formatBytes(watermarkBytes);
}

function loadText({ rate, arrivals }: Cell): string {
  if (rate === null) return arrivals ?? "full";
  return `${formatCount(rate)}/s${arrivals === "poisson" ? " rnd" : ""}`;
}

/** From the output to the handler; nothing where there is none. */
function latencyText({ latency }: Cell, name: "p50" | "p99"): string {
  const ns = latency?.find(({ stage, from }) => stage === "handled" && from === "emitted")?.[name] ?? null;
  return ns === null ? "" : formatNs(ns);
}
