/**
 * The suite `gate`: eventpipe against eventpipe of another checkout, in paired blocks, for `deno task compare`. Relies on
 * bench/measure for the order of blocks.
 *
 * @module
 */

import { measureRounds, pairRatios } from "../measure/blocks.ts";
import { shuffled } from "../measure/random.ts";
import { Peer } from "../peers/peer.ts";
import { eventpipeCommand } from "../peers/programs.ts";
import { eventsPerFill, type PeerBlock, type PeerConfig } from "../peers/protocol.ts";
import { checkSameEvents, nsPerEvent } from "./full_ring.ts";
import { BLOCK_EVENTS, GATE_RING, type GatePlan, type GateSize } from "./gate_plan.ts";
import type { Reference } from "./gate_reference.ts";
import { OURS, startAll } from "./paired.ts";
import type { Parties } from "./parties.ts";

/** One launch of a plan: the blocks of both programs, in the order of rounds. */
export interface GateLaunch {
  readonly ours: readonly PeerBlock[];
  readonly theirs: readonly PeerBlock[];
}

/** What was measured of a plan. */
export interface GateOutcome {
  readonly plan: GatePlan;
  readonly launches: readonly GateLaunch[];
}

/**
 * The compiler works in the thread it compiles for: so it is done after the same number of events in each launch, however
 * busy other CPUs are. Launches that count before it is done are what would differ most otherwise.
 */
const V8_FLAGS = "--v8-flags=--no-concurrent-recompilation";

/**
 * Measures the plans. All are launched in each turn, in an order drawn anew: a bad moment of the machine falls on one
 * launch of each and not on all launches of one.
 *
 * @param plans What.
 * @param size How much.
 * @param parties With what.
 * @param reference What eventpipe is measured against.
 * @param onTurn Called behind each turn with its number, from 1 on, and all that was measured so far.
 * @returns When all was measured, or the run was interrupted.
 * @throws {Error} If a program fails, or programs did not read the same events.
 */
export async function measureGate(
  plans: readonly GatePlan[],
  size: GateSize,
  parties: Parties,
  reference: Reference,
  onTurn: (turn: number, outcomes: readonly GateOutcome[]) => void,
): Promise<void> {
  const outcomes = plans.map((plan) => ({ plan, launches: [] as GateLaunch[] }));
  for (let turn = 1; turn <= size.launches; turn++) {
    for (const { plan, launches } of shuffled(outcomes, parties.random)) {
      if (parties.isInterrupted()) return;
      launches.push(await measureLaunch(plan, size, parties, reference));
    }
    onTurn(turn, outcomes.map(({ plan, launches }) => ({ plan, launches: [...launches] })));
  }
}

async function measureLaunch(
  plan: GatePlan,
  { rounds, warmUpEvents }: GateSize,
  parties: Parties,
  reference: Reference,
): Promise<GateLaunch> {
  await using cleanup = new AsyncDisposableStack();
  const config = configOf(plan, parties);
  const fills = Math.ceil(BLOCK_EVENTS / config.events);
  const scripts = [[OURS, undefined], [reference.name, reference.script]] as const;
  const starting = scripts.map(([name, script]) => {
    const [deno = "", run = "", ...args] = eventpipeCommand(parties.programs, plan, config, script);
    return Peer.start({ name, argv: [deno, run, V8_FLAGS, ...args], fills });
  });
  const arms = await startAll(starting, cleanup);
  await measureRounds(arms, Math.ceil(warmUpEvents / (fills * config.events)), parties.random);
  const measured = await measureRounds(arms, rounds, parties.random);
  checkSameEvents(measured);
  return { ours: measured.get(OURS)!, theirs: measured.get(reference.name)! };
}

function configOf({ handlers, payload }: GatePlan, { producerCpu, consumerCpu }: Parties): PeerConfig {
  const { payloadBytes, payloadSteps } = payload;
  const ring = { ...GATE_RING, payloadBytes, payloadSteps };
  return { producerCpu, consumerCpu, ...ring, handlers, events: eventsPerFill(ring) };
}

/**
 * The ratios of a launch.
 *
 * @param launch Its blocks.
 * @returns eventpipe's time per event over the reference's, by round.
 */
export function gateRatios({ ours, theirs }: GateLaunch): number[] {
  return pairRatios(ours.map(nsPerEvent), theirs.map(nsPerEvent));
}
