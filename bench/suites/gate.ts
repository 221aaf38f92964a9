/**
 * The suite `gate`: eventpipe against the plainest reader in TypeScript, gate_walk.ts, in paired blocks, for
 * `deno task compare`. Relies on bench/measure for order and intervals.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { measureRounds, pairRatios } from "../measure/blocks.ts";
import { shuffled } from "../measure/random.ts";
import { Peer } from "../peers/peer.ts";
import { eventpipeCommand } from "../peers/programs.ts";
import { eventsPerFill, peerArguments, type PeerBlock, type PeerConfig } from "../peers/protocol.ts";
import { BLOCK_EVENTS, GATE_RING_BYTES, type GatePlan, type GateSize } from "./gate_plan.ts";
import { OURS, startAll } from "./paired.ts";
import type { Parties } from "./parties.ts";

/** What eventpipe is measured against. If the walk has to change, so has its name: `compare` compares what has one name. */
export const WALK = "walk in TypeScript";

/** One launch of a plan: the blocks of both programs, in the order of rounds. */
export interface GateLaunch {
  readonly ours: readonly PeerBlock[];
  readonly walk: readonly PeerBlock[];
}

/** What was measured of a plan. */
export interface GateOutcome {
  readonly plan: GatePlan;
  readonly launches: readonly GateLaunch[];
}

const WALK_SCRIPT = fileURLToPath(new URL("./gate_walk.ts", import.meta.url));

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
 * @param onTurn Called behind each turn with its number, from 1 on, and all that was measured so far.
 * @returns When all was measured, or the run was interrupted.
 * @throws {Error} If a program fails, or programs did not read the same events.
 */
export async function measureGate(
  plans: readonly GatePlan[],
  size: GateSize,
  parties: Parties,
  onTurn: (turn: number, outcomes: readonly GateOutcome[]) => void,
): Promise<void> {
  const outcomes = plans.map((plan) => ({ plan, launches: [] as GateLaunch[] }));
  for (let turn = 1; turn <= size.launches; turn++) {
    for (const { plan, launches } of shuffled(outcomes, parties.random)) {
      if (parties.isInterrupted()) return;
      launches.push(await measureLaunch(plan, size, parties));
    }
    onTurn(turn, outcomes.map(({ plan, launches }) => ({ plan, launches: [...launches] })));
  }
}

async function measureLaunch(
  plan: GatePlan,
  { rounds, warmUpEvents }: GateSize,
  parties: Parties,
): Promise<GateLaunch> {
  await using cleanup = new AsyncDisposableStack();
  const config = configOf(plan, parties);
  const fills = Math.ceil(BLOCK_EVENTS / config.events);
  const commands = gateCommands(plan, config, parties.programs.generator);
  const arms = await startAll(commands.map(([name, argv]) => Peer.start({ name, argv, fills })), cleanup);
  await measureRounds(arms, Math.ceil(warmUpEvents / (fills * config.events)), parties.random);
  const measured = await measureRounds(arms, rounds, parties.random);
  const launch = { ours: measured.get(OURS)!, walk: measured.get(WALK)! };
  checkSameEvents(launch);
  return launch;
}

function configOf({ handlers, payload }: GatePlan, { producerCpu, consumerCpu }: Parties): PeerConfig {
  const { payloadBytes, payloadSteps } = payload;
  const ring = { ringBytes: GATE_RING_BYTES, payloadBytes, payloadSteps };
  return { producerCpu, consumerCpu, ...ring, handlers, events: eventsPerFill(ring), rings: 1 };
}

function gateCommands(plan: GatePlan, config: PeerConfig, generator: string): [string, string[]][] {
  const walk = [Deno.execPath(), "run", "-A", WALK_SCRIPT, ...peerArguments(generator, config)];
  return ([[OURS, eventpipeCommand({ generator }, plan, config)], [WALK, walk]] as const).map((
    [name, [deno = "", run = "", ...args]],
  ) => [name, [deno, run, V8_FLAGS, ...args]]);
}

/** Programs that did not read the same cannot be compared. */
function checkSameEvents({ ours, walk }: GateLaunch): void {
  ours.forEach(({ events, check }, index) => {
    const other = walk[index]!;
    if (events === other.events && check === other.check) return;
    throw new Error(
      `Cannot compare ${OURS} with the ${WALK}: in block ${index} they read ${events} events (sum ${check}) and ${other.events} (sum ${other.check})`,
    );
  });
}

/**
 * The ratios of a launch.
 *
 * @param launch Its blocks.
 * @returns eventpipe's time per event over the walk's, by round.
 */
export function gateRatios({ ours, walk }: GateLaunch): number[] {
  return pairRatios(ours.map(nsPerEvent), walk.map(nsPerEvent));
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
