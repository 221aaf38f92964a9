/**
 * Which latency of a cell stands for it where there is room for one: that which a user of the events sees. Relies on nothing.
 *
 * @module
 */

import type { Cell, LatencyStage } from "./schema.ts";

/** Where the clock of a user of the events starts: when the event was asked for, was due, or was emitted. */
const STARTS: readonly LatencyStage["from"][] = ["asked", "planned", "emitted"];

/**
 * The latencies to the handler from the earliest time there is; else what there is.
 *
 * @param cell A cell.
 * @returns The stage; null without latencies.
 */
export function responseOf({ latency }: Pick<Cell, "latency">): LatencyStage | null {
  const handled = latency?.filter(({ stage }) => stage === "handled") ?? [];
  for (const start of STARTS) {
    const found = handled.find(({ from }) => from === start);
    if (found !== undefined) return found;
  }
  return handled[0] ?? latency?.[0] ?? null;
}

function roadText({ from, stage }: Pick<LatencyStage, "from" | "stage">): string {
  return `${FROM[from]} ${TO[stage] ?? `to ${stage}`}`;
}

/**
 * From where to where the latencies of cells go, as the beginning of a sentence.
 *
 * @param cells Cells whose latencies go the same road.
 * @returns Such as `From the planned time of output to the handler`.
 */
export function roadOf(cells: readonly Pick<Cell, "latency">[]): string {
  const stage = cells.map(responseOf).find((found) => found !== null) ?? null;
  const text = stage === null ? "to the handler" : roadText(stage);
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}

const FROM: Readonly<Record<LatencyStage["from"], string>> = {
  planned: "from the planned time of output",
  emitted: "from the real time of output",
  wake: "from the waiter's return",
  read: "from the scan of its batch",
  asked: "from the request for the event",
};

const TO: Readonly<Record<string, string>> = {
  emitted: "to the real one",
  wake: "to the waiter's return",
  read: "to the scan of its batch",
  handled: "to the handler",
};
