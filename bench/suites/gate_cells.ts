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
  const { launches: _, isWithinLaunch, launchMedians, ...interval } = ratioInterval(pairs, { seed });
  const cellOf = (blocks: readonly (readonly PeerBlock[])[], peer: string | null): Cell => {
    const reader = { suite: "gate", source: "kernel", ring: plan.ring, scanner: plan.scanner, peer } as const;
    return fullRingCell({ ...plan, ...GATE_RING }, summarizeArm(blocks), reader);
  };
  return [
    {
      ...cellOf(launches.map(({ ours }) => ours), null),
      ratio: { to: reference, ...interval },
      verdict: null,
      launchMedians: [...launchMedians],
      pairRatios: pairs.map((launch) => launch.map((ratio) => Number(ratio.toPrecision(4)))),
      flags: isWithinLaunch ? ["within-launch"] : [],
    },
    cellOf(launches.map(({ theirs }) => theirs), reference),
  ];
}
