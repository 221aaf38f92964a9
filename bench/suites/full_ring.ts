/**
 * Programs that read full rings: that they have read the same, and their blocks as a cell of a results file. Relies on the
 * schema of results.
 *
 * @module
 */

import type { Cell } from "../../src/report/schema.ts";
import { median } from "../measure/median.ts";
import type { PeerBlock } from "../peers/protocol.ts";
import type { ConsumePlan } from "./consume_plan.ts";

/**
 * Programs that did not read the same cannot be compared.
 *
 * @param blocks Those of each program, by its name, in the order of their rounds.
 * @throws {Error} If a block of one has other events than that of the first.
 */
export function checkSameEvents(blocks: ReadonlyMap<string, readonly PeerBlock[]>): void {
  const [[first, expected], ...others] = [...blocks] as [[string, PeerBlock[]], ...[string, PeerBlock[]][]];
  for (const [name, read] of others) {
    read.forEach(({ events, check }, index) => {
      const other = expected[index]!;
      if (events === other.events && check === other.check) return;
      throw new Error(
        `Cannot compare ${first} with ${name}: in block ${index} they read ${other.events} events (sum ${other.check}) and ${events} (sum ${check})`,
      );
    });
  }
}

/** What is read, and how. */
export type FullRingPlan = Pick<ConsumePlan, "delivery" | "handlers" | "payload" | "ringBytes" | "rings">;

/** Which program read it, of which kind of ring. */
export type FullRingReader = Pick<Cell, "suite" | "source" | "ring" | "scanner" | "peer">;

/** What the blocks of a program say together. */
export interface ArmSummary {
  /** The median over its blocks, in ns. */
  readonly nsPerEvent: number;
  /** Events it read in the blocks that count. */
  readonly events: number;
  /** Time in its reader in those, in ns. */
  readonly ns: number;
}

/**
 * The time of an event in a block.
 *
 * @param block The block.
 * @returns In ns.
 */
export function nsPerEvent({ ns, events }: PeerBlock): number {
  return ns / events;
}

/**
 * Takes a program's blocks together.
 *
 * @param launches Its blocks, by launch.
 * @returns What they say.
 */
export function summarizeArm(launches: readonly (readonly PeerBlock[])[]): ArmSummary {
  const all = launches.flat();
  return {
    nsPerEvent: median(all.map(nsPerEvent)),
    events: all.reduce((sum, { events }) => sum + events, 0),
    ns: all.reduce((sum, { ns }) => sum + ns, 0),
  };
}

/**
 * Makes a cell. Nobody waits for these rings and nothing is lost.
 *
 * @param plan What was read.
 * @param arm What the blocks say.
 * @param reader Which program read it.
 * @returns The cell, without a comparison.
 */
export function fullRingCell(
  { ringBytes, rings, delivery, handlers, payload: { label, payloadBytes, payloadSteps } }: FullRingPlan,
  { nsPerEvent, events, ns }: ArmSummary,
  reader: FullRingReader,
): Cell {
  return {
    ...reader,
    waiter: "none",
    ringBytes,
    wakeupEvents: null,
    effectiveWakeupEvents: null,
    watermarkBytes: null,
    payloadBytes: payloadBytes + 4 * (payloadSteps - 1),
    cpus: 1,
    rate: null,
    durationMs: ns / 1e6,
    produced: events,
    dispatched: events,
    unknown: 0,
    lost: 0,
    left: 0,
    corrupt: 0,
    exact: true,
    wakeups: null,
    eventsPerSecond: events / (ns / 1e9),
    consumeNsPerEvent: nsPerEvent,
    cpuNsPerEvent: null,
    latency: null,
    ratio: null,
    flags: [],
    delivery,
    handlers,
    rings,
    payload: label,
  };
}
