/**
 * The outcomes of the suite `gate` as cells of a results file. Relies on the schema of results.
 *
 * @module
 */

import type { Cell } from "../../src/report/schema.ts";
import { ratioInterval } from "../measure/bootstrap.ts";
import type { PeerBlock } from "../peers/protocol.ts";
import { fullRingCell, summarizeArm } from "./full_ring.ts";
import { type GateOutcome, gateRatios } from "./gate.ts";
import { GATE_RING } from "./gate_plan.ts";
import { comparedCell } from "./paired.ts";

/**
 * Makes cells of an outcome: eventpipe over the reference, and the reference.
 *
 * @param outcome What was measured.
 * @param reference The name of what it was divided by.
 * @param seed Of the interval.
 * @returns The two cells.
 */
export function gateCells({ plan, launches }: GateOutcome, reference: string, seed: number): Cell[] {
  const pairs = launches.map(gateRatios);
  const cellOf = (blocks: readonly (readonly PeerBlock[])[], peer: string | null): Cell => {
    const reader = { suite: "gate", source: "kernel", ring: plan.ring, scanner: plan.scanner, peer } as const;
    return fullRingCell({ ...plan, ...GATE_RING }, summarizeArm(blocks), reader);
  };
  const ours = cellOf(launches.map(({ ours }) => ours), null);
  return [
    // Whether a launch was steady is not judged: what differs from launch to launch is what compare looks at.
    comparedCell(ours, reference, { ratio: ratioInterval(pairs, { seed }), pairs }, { isSteady: true }),
    cellOf(launches.map(({ theirs }) => theirs), reference),
  ];
}
