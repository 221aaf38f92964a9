/**
 * Says on stderr how far a run is: a bar on a terminal, a line per cell elsewhere.
 *
 * @module
 */

import cliProgress from "cli-progress";
import { formatBytes, formatCount, formatNs } from "../src/cli/units.ts";
import type { Cell } from "../src/report/schema.ts";
import type { CellPlan } from "./plan.ts";

/** Where a run tells how far it is. */
export interface Progress {
  /** A cell begins. */
  begin(plan: CellPlan): void;
  /** The cell has ended. */
  end(cell: Cell): void;
  /** The run has ended. */
  close(): void;
}

/**
 * Opens the display that fits stderr.
 *
 * @param total How many cells the run has.
 * @returns The display.
 */
export function openProgress(total: number): Progress {
  return Deno.stderr.isTerminal() ? openBar(total) : openLines(total);
}

function openBar(total: number): Progress {
  const format = "{bar} {value}/{total} {cell}";
  const bar = new cliProgress.SingleBar({ format, hideCursor: true, clearOnComplete: true, barsize: 30 });
  bar.start(total, 0, { cell: "" });
  return {
    begin(plan): void {
      bar.update({ cell: describe(plan) });
    },
    end(): void {
      bar.increment();
    },
    close(): void {
      bar.stop();
    },
  };
}

function openLines(total: number): Progress {
  let done = 0;
  return {
    begin(): void {},
    end(cell): void {
      done++;
      const p50 = cell.latency?.find(({ from }) => from === "emitted")?.p50;
      const outcome = p50 === undefined || p50 === null
        ? `${formatCount(cell.eventsPerSecond)} events/s`
        : `p50 ${formatNs(p50)}`;
      console.error(`[${done}/${total}] ${describe(cell)}: ${outcome}`);
    },
    close(): void {},
  };
}

function describe({ source, suite, ringBytes, wakeupEvents, payloadBytes }: CellPlan | Cell): string {
  return `${source} ${suite}, ring ${formatBytes(ringBytes)}, wakeup ${wakeupEvents}, payload ${
    formatBytes(payloadBytes)
  }`;
}
