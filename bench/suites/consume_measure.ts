/**
 * Measures one plan of the suite `consume`: eventpipe twice and its peers, all started anew for each launch, block by
 * block in random order. Relies on bench/measure for order and intervals, on bench/peers for the programs.
 *
 * @module
 */

import { measureRounds, pairRatios } from "../measure/blocks.ts";
import { type RatioInterval, ratioInterval } from "../measure/bootstrap.ts";
import { median } from "../measure/median.ts";
import { detectableEffect, type Verdict, verdictOf } from "../measure/verdict.ts";
import { Peer } from "../peers/peer.ts";
import { type CPeer, cPeerCommand, eventpipeCommand, type PeerPrograms } from "../peers/programs.ts";
import { eventsPerFill, type PeerBlock, type PeerConfig } from "../peers/protocol.ts";
import type { ConsumePlan, ConsumeSize } from "./consume_plan.ts";

/** The arm that is compared, and the same program once more. */
const OURS = "eventpipe";
const AGAIN = "eventpipe again";

/** Events in a block: a tenth of a millisecond of work for the fastest. */
const BLOCK_EVENTS = 20_000;

/** Launches whose halves differ by more, and by more than can be told from none, had not warmed up. */
const STEADY = 0.05;

/** What all plans of a run share. */
export interface ConsumeParties {
  readonly programs: PeerPrograms;
  readonly producerCpu: number;
  readonly consumerCpu: number;
  /** Draws orders and seeds. */
  readonly random: () => number;
  /** Of the bootstrap. */
  readonly seed: number;
}

/** One program's blocks of a plan. */
export interface ArmSummary {
  /** The median over its blocks, in ns. */
  readonly nsPerEvent: number;
  /** Events it read in the blocks that count. */
  readonly events: number;
  /** Time in its reader in those, in ns. */
  readonly ns: number;
}

/** eventpipe over one peer. */
export interface Comparison {
  readonly peer: CPeer;
  readonly ratio: RatioInterval;
  readonly verdict: Verdict;
  readonly summary: ArmSummary;
}

/** What a plan's blocks say. */
export interface ConsumeOutcome {
  readonly plan: ConsumePlan;
  readonly ours: ArmSummary;
  /** eventpipe over itself. */
  readonly same: RatioInterval;
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
  { launches, rounds, warmUpRounds }: ConsumeSize,
  parties: ConsumeParties,
): Promise<ConsumeOutcome> {
  const blocks = new Map<string, PeerBlock[][]>();
  for (let launch = 0; launch < launches; launch++) {
    await using cleanup = new AsyncDisposableStack();
    const arms = await startArms(plan, parties, cleanup);
    // Compiled programs are warm at once: the rounds are for those that compile while they run.
    await measureRounds(
      arms.filter(({ name }) => [OURS, AGAIN].includes(name)),
      warmUpRounds,
      parties.random,
    );
    await measureRounds(arms, 1, parties.random);
    for (const [name, measured] of await measureRounds(arms, rounds, parties.random)) {
      blocks.set(name, [...blocks.get(name) ?? [], [...measured]]);
    }
  }
  checkSameEvents(blocks);
  return summarize(plan, blocks, parties.seed);
}

async function startArms(
  plan: ConsumePlan,
  { programs, producerCpu, consumerCpu }: ConsumeParties,
  cleanup: AsyncDisposableStack,
): Promise<Peer[]> {
  const { payload: { payloadBytes, payloadSteps }, ringBytes, handlers, ring, delivery } = plan;
  const events = eventsPerFill({ ringBytes, payloadBytes, payloadSteps });
  const fills = Math.ceil(BLOCK_EVENTS / events);
  const config: PeerConfig = {
    producerCpu,
    consumerCpu,
    ringBytes,
    payloadBytes,
    payloadSteps,
    handlers,
    events,
  };
  const ours = eventpipeCommand(programs, ring, delivery, config);
  const commands = new Map([[OURS, ours], [AGAIN, ours]]);
  for (const peer of plan.peers) {
    const argv = cPeerCommand(programs, peer, config);
    if (argv !== null) commands.set(peer, argv);
  }
  const starting = [...commands].map(async ([name, argv]) =>
    cleanup.use(await Peer.start({ name, argv, fills }))
  );
  // All have started or failed before the failure of one ends the others.
  await Promise.allSettled(starting);
  return await Promise.all(starting);
}

/** Programs that did not read the same cannot be compared. */
function checkSameEvents(blocks: ReadonlyMap<string, readonly (readonly PeerBlock[])[]>): void {
  const expected = blocks.get(OURS)!.flat();
  for (const [name, launches] of blocks) {
    launches.flat().forEach(({ events, check }, index) => {
      const ours = expected[index]!;
      if (events === ours.events && check === ours.check) return;
      throw new Error(
        `Cannot compare ${OURS} with ${name}: in block ${index} they read ${ours.events} events (sum ${ours.check}) and ${events} (sum ${check})`,
      );
    });
  }
}

function summarize(
  plan: ConsumePlan,
  blocks: ReadonlyMap<string, readonly (readonly PeerBlock[])[]>,
  seed: number,
): ConsumeOutcome {
  const times = (name: string): number[][] =>
    blocks.get(name)!.map((launch) => launch.map(({ ns, events }) => ns / events));
  const ours = times(OURS);
  const over = (name: string): RatioInterval => {
    const theirs = times(name);
    return ratioInterval(ours.map((launch, index) => pairRatios(launch, theirs[index]!)), { seed });
  };
  const same = over(AGAIN);
  const detectable = detectableEffect(same);
  const comparisons = plan.peers.filter((peer) => blocks.has(peer)).map((peer): Comparison => {
    const ratio = over(peer);
    return {
      peer,
      ratio,
      verdict: verdictOf(ratio, detectable),
      summary: summarizeArm(blocks.get(peer)!),
    };
  });
  return {
    plan,
    ours: summarizeArm(blocks.get(OURS)!),
    same,
    detectable,
    comparisons,
    isSteady: Math.abs(median(ours.map(changeWithin)) - 1) <= Math.max(STEADY, detectable),
  };
}

function summarizeArm(launches: readonly (readonly PeerBlock[])[]): ArmSummary {
  const all = launches.flat();
  return {
    nsPerEvent: median(all.map(({ ns, events }) => ns / events)),
    events: all.reduce((sum, { events }) => sum + events, 0),
    ns: all.reduce((sum, { ns }) => sum + ns, 0),
  };
}

/** The second half of a launch over the first. */
function changeWithin(times: readonly number[]): number {
  const half = times.length >> 1;
  return half === 0 ? 1 : median(times.slice(half)) / median(times.slice(0, half));
}
