/**
 * Measures one plan of the suites `consume` and `backends`: eventpipe twice and its peers. Relies on paired.ts for what is
 * compared how, on bench/peers for the programs.
 *
 * @module
 */

import { Peer } from "../peers/peer.ts";
import { eventpipeCommand, isOwnPeer, peerCommand, type PeerName } from "../peers/programs.ts";
import { eventsPerFill, type PeerConfig } from "../peers/protocol.ts";
import type { ConsumePlan } from "./consume_plan.ts";
import { type ArmSummary, checkSameEvents, nsPerEvent, summarizeArm } from "./full_ring.ts";
import {
  AGAIN,
  compareArms,
  type JudgedRatio,
  measureLaunches,
  OURS,
  type PairedRatio,
  type PairedSize,
  startAll,
} from "./paired.ts";
import type { Parties } from "./parties.ts";

/** Events in a block: some 20 ms with their emission, so that a program's caches are warm again for most of it. */
const BLOCK_EVENTS = 60_000;

/** Fills of a block at the most: where a fill is few events, what is measured is the drain and not the event. */
const MAX_FILLS = 300;

/** eventpipe over one peer. */
export interface Comparison extends JudgedRatio {
  readonly peer: PeerName;
  readonly summary: ArmSummary;
}

/** What a plan's blocks say. */
export interface ConsumeOutcome {
  readonly plan: ConsumePlan;
  readonly ours: ArmSummary;
  /** eventpipe over itself. */
  readonly same: PairedRatio;
  /** The smallest effect that this run can tell from none, as a share. */
  readonly detectable: number;
  readonly comparisons: readonly Comparison[];
  /** Whether launches were not getting faster or slower any more. */
  readonly isSteady: boolean;
}

/**
 * Measures a plan.
 *
 * @param plan What.
 * @param size How much.
 * @param parties With what.
 * @returns What the blocks say.
 * @throws {Error} If a peer fails, or two programs did not read the same events.
 */
export async function measurePlan(
  plan: ConsumePlan,
  size: PairedSize,
  parties: Parties,
): Promise<ConsumeOutcome> {
  const blocks = await measureLaunches(
    size,
    parties.random,
    (cleanup) => startArms(plan, parties, cleanup),
    (name) => name === OURS || name === AGAIN || isOwnPeer(name),
  );
  checkSameEvents(new Map([...blocks].map(([name, launches]) => [name, launches.flat()])));
  const { same, detectable, over, isSteady } = compareArms(blocks, nsPerEvent, parties.seed);
  return {
    plan,
    ours: summarizeArm(blocks.get(OURS)!),
    same,
    detectable,
    comparisons: [...over].map(([name, compared]) => ({
      peer: name as PeerName,
      ...compared,
      summary: summarizeArm(blocks.get(name)!),
    })),
    isSteady,
  };
}

function startArms(
  plan: ConsumePlan,
  { programs, producerCpu, consumerCpu }: Parties,
  cleanup: AsyncDisposableStack,
): Promise<Peer[]> {
  const { payload: { payloadBytes, payloadSteps }, ringBytes, rings, handlers, ring, scanner, delivery } =
    plan;
  const events = plan.events ?? eventsPerFill({ ringBytes, payloadBytes, payloadSteps });
  const fills = Math.min(Math.ceil(BLOCK_EVENTS / events), MAX_FILLS);
  const config: PeerConfig = {
    producerCpu,
    consumerCpu,
    ringBytes,
    payloadBytes,
    payloadSteps,
    handlers,
    events,
    rings,
  };
  const ours = eventpipeCommand(programs, { ring, scanner, delivery }, config);
  const commands = new Map([[OURS, ours], [AGAIN, ours]]);
  for (const peer of plan.peers) {
    const argv = peerCommand(programs, peer, config, { scanner, delivery });
    if (argv !== null) commands.set(peer, argv);
  }
  return startAll([...commands].map(([name, argv]) => Peer.start({ name, argv, fills })), cleanup);
}
