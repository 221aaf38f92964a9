/**
 * The suites `consume` and `backends`: what it costs to take events out of a full ring, beside other programs and on other
 * kinds of rings, in the same run.
 *
 * @module
 */

import { type ConsumeOutcome, measurePlan } from "./consume_measure.ts";
import type { ConsumePlan } from "./consume_plan.ts";
import type { PairedSize } from "./paired.ts";
import type { Parties } from "./parties.ts";

/**
 * Measures plans one after the other.
 *
 * @param plans What.
 * @param size How much.
 * @param parties With what.
 * @param onMeasured Called behind each plan.
 * @returns When all were measured, or the run was interrupted.
 * @throws {Error} If a program fails, or programs did not read the same events.
 */
export async function measureConsume(
  plans: readonly ConsumePlan[],
  size: PairedSize,
  parties: Parties,
  onMeasured: (outcome: ConsumeOutcome) => void,
): Promise<void> {
  for (const plan of plans) {
    if (parties.isInterrupted()) return;
    onMeasured(await measurePlan(plan, size, parties));
  }
}
