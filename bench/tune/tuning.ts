/**
 * How advice is found: short probes make a model, the model chooses candidates, these are measured, the best is measured
 * once more with the other scanner, and what is advised is verified by a longer run. The measuring is handed in.
 *
 * @module
 */

import { candidates } from "./candidates.ts";
import { type Judged, rank } from "./choose.ts";
import {
  eventsFor,
  type Goal,
  isHeld,
  isHeldUp,
  judge,
  type Measurement,
  type QuantileName,
  QUANTILES,
} from "./goal.ts";
import { fitModel, type Model, probeSettings } from "./model.ts";
import { describeSetting, type RingKind, type Setting } from "../setting.ts";

/** Shares of the whole time that one run gets; there are four probes, up to twelve candidates and three verifications. */
const SHARES = { probe: 0.02, candidate: 0.04, verification: 0.16 } as const;

/** The kinds of run. */
type RunKind = keyof typeof SHARES;

/** A run that lasts until a quantile can be told takes at most so many times its share. */
const LONGEST = { probe: 1.5, candidate: 1.5, verification: 2 } as const;

/** Events beyond those that a quantile needs. */
const SPARE_EVENTS = 1.2;

/** What a tuning needs. */
export interface TuningOptions {
  /** Measures one setting for so many milliseconds. */
  readonly measure: (setting: Setting, durationMs: number) => Measurement;
  /** The kinds of ring that can be measured. */
  readonly rings: readonly RingKind[];
  /** How long all of it may take, about, in ms. */
  readonly budgetMs: number;
  /** Tells what is being measured. */
  readonly say: (line: string) => void;
  /** Lets other work of this thread be done between two runs. */
  readonly rest: () => Promise<void>;
  /** Whether the user wants an end. */
  readonly isInterrupted: () => boolean;
}

/** What came of it. */
export interface Tuning {
  readonly goal: Goal;
  /** The goal that candidates were compared by: on a lower quantile, where they had too few events for the goal's. */
  readonly compared: Goal;
  readonly model: Model;
  /** The candidates, the best first. */
  readonly ranked: readonly Judged[];
  /** The runs that verified, in their order; the last one is what is advised. */
  readonly verifications: readonly Judged[];
  /** Whether the last verification held the goal. */
  readonly isHeld: boolean;
}

/**
 * Finds advice.
 *
 * @param goal The goal.
 * @param options What it needs.
 * @returns What came of it; null if it was interrupted before anything was verified.
 */
export async function tune(goal: Goal, options: TuningOptions): Promise<Tuning | null> {
  const { rings, budgetMs, say } = options;
  const run = async (kind: RunKind, place: string, setting: Setting): Promise<Measurement> => {
    say(`${place}: ${describeSetting(setting)}`);
    const measurement = options.measure(setting, runMs(goal, kind, budgetMs));
    await options.rest();
    return measurement;
  };

  const probes: Measurement[] = [];
  const probed = probeSettings(goal);
  await run("probe", "warm-up", probed.at(-1)!);
  for (const [index, setting] of probed.entries()) {
    if (options.isInterrupted()) return null;
    probes.push(await run("probe", `probe ${index + 1} of ${probed.length}`, setting));
  }
  const model = fitModel(goal, probes);

  const compared = comparedBy(goal, budgetMs);
  const list = candidates(goal, model, rings);
  const measured: Measurement[] = [];
  for (const [index, setting] of list.entries()) {
    if (options.isInterrupted()) return null;
    measured.push(await run("candidate", `candidate ${index + 1} of ${list.length + 1}`, setting));
  }
  const leader = rank(compared, measured)[0]!.measurement.setting;
  if (options.isInterrupted()) return null;
  const place = `candidate ${list.length + 1} of ${list.length + 1}`;
  measured.push(await run("candidate", place, { ...leader, scanner: "wasm" }));

  const ranked = rank(compared, measured);
  const verifications: Judged[] = [];
  const verify = async (setting: Setting): Promise<Judged> => {
    const measurement = await run("verification", "verification", setting);
    return { measurement, checks: judge(goal, measurement) };
  };
  let mayRepeat = true;
  for (const setting of toVerify(ranked)) {
    if (options.isInterrupted()) return null;
    let verified = await verify(setting);
    if (mayRepeat && isHeldUp(verified.checks, verified.measurement) && !options.isInterrupted()) {
      mayRepeat = false;
      verified = await verify(setting);
    }
    if (options.isInterrupted()) return null;
    verifications.push(verified);
    if (isHeld(verified.checks)) return { goal, compared, model, ranked, verifications, isHeld: true };
  }
  // Where two were verified and neither held, the nearer one comes last.
  const nearest = rank(goal, verifications.map(({ measurement }) => measurement)).toReversed();
  return { goal, compared, model, ranked, verifications: nearest, isHeld: false };
}

/** The best, and the next that held the goal too and differs in more than its scanner. */
function toVerify(ranked: readonly Judged[]): Setting[] {
  const best = ranked[0]!.measurement.setting;
  const other = ranked.find(({ measurement: { setting }, checks }) =>
    isHeld(checks) && describeSetting({ ...setting, scanner: best.scanner }) !== describeSetting(best)
  );
  return other === undefined ? [best] : [best, other.measurement.setting];
}

/**
 * How long one run takes: its share of the whole time, or until the goal's quantile can be told, if that is not much longer.
 */
function runMs(goal: Goal, kind: RunKind, budgetMs: number): number {
  const shareMs = SHARES[kind] * budgetMs;
  return Math.min(Math.max(shareMs, neededMs(goal)), LONGEST[kind] * shareMs);
}

function neededMs({ quantile, rate }: Pick<Goal, "quantile" | "rate">): number {
  return SPARE_EVENTS * eventsFor(quantile) / rate * 1000;
}

/**
 * The time that all of it must have so that a verification can tell the goal's quantile at the goal's rate.
 *
 * @param goal The goal.
 * @returns Milliseconds; 0 where there is no goal on latency.
 */
export function leastBudgetMs(goal: Omit<Goal, "cpus">): number {
  return goal.maxLatencyNs === null ? 0 : neededMs(goal) / (LONGEST.verification * SHARES.verification);
}

/**
 * The goal that candidates are compared by. At low rates their short runs have too few events for the quantile of the goal;
 * then a lower one stands for it, and the verification alone tells.
 */
function comparedBy(goal: Goal, budgetMs: number): Goal {
  const canTell = (quantile: QuantileName): boolean =>
    neededMs({ ...goal, quantile }) <= LONGEST.candidate * SHARES.candidate * budgetMs;
  const names = Object.keys(QUANTILES) as QuantileName[];
  const quantile = names.slice(0, names.indexOf(goal.quantile) + 1).findLast(canTell) ?? "p50";
  return { ...goal, quantile };
}
