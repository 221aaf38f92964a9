/**
 * Runs the suites that measure eventpipe beside other programs, block by block in the same run: `consume`, `backends`,
 * `latency`, `wakeup`, `peers` and `gate`; and `border`, what leaving TypeScript costs. Needs two things of the machine: the
 * permission to load BPF programs, and clang with bpftool for the generator.
 *
 * @module
 */

import { pinThread } from "../src/ffi/affinity.ts";
import type { ScannerKind } from "../src/ring/scanner.ts";
import type { Absent, Cell, Clocks, Crossing, Goal, ProgramRecord } from "../src/report/schema.ts";
import { randomFrom } from "./measure/random.ts";
import { buildPeers } from "./peers/programs.ts";
import { FULL_BORDER, measureBorder, QUICK_BORDER } from "./suites/border.ts";
import { compareClocks } from "./suites/clocks.ts";
import { measureConsume } from "./suites/consume.ts";
import { consumeCells, judgeGoals, planText } from "./suites/consume_cells.ts";
import type { ConsumeOutcome } from "./suites/consume_measure.ts";
import { type ConsumePlan, FULL, planBackends, planConsume, QUICK } from "./suites/consume_plan.ts";
import { type GateOutcome, measureGate } from "./suites/gate.ts";
import { gateCells } from "./suites/gate_cells.ts";
import { GATE_SIZE, planGate, QUICK_GATE_SIZE } from "./suites/gate_plan.ts";
import type { Reference } from "./suites/gate_reference.ts";
import { countGcLines, gcGoal, type GcOptions } from "./suites/gc_lines.ts";
import { latencyCells, latencyGoals, type LatencyOutcome, measureLatency } from "./suites/latency.ts";
import { FULL_LATENCY, type LatencyPlan, planLatency, QUICK_LATENCY } from "./suites/latency_plan.ts";
import type { Parties } from "./suites/parties.ts";
import { measurePeers, programText } from "./suites/peers.ts";
import { FULL_PEERS, QUICK_PEERS } from "./suites/peers_plan.ts";
import { measureWakeup, wakeupCells, type WakeupOutcome } from "./suites/wakeup.ts";
import { fitText, wakeupGoals } from "./suites/wakeup_fit.ts";
import { FULL_WAKEUP, planWakeup, QUICK_WAKEUP } from "./suites/wakeup_plan.ts";

/** The suites. */
export const BESIDE_SUITES = ["consume", "backends", "latency", "wakeup", "border", "peers", "gate"] as const;

/** The name of a suite. */
export type BesideSuite = typeof BESIDE_SUITES[number];

/** How they run. */
export interface BesideOptions {
  readonly suites: readonly BesideSuite[];
  /** eventpipe's scanners. */
  readonly scanners: readonly ScannerKind[];
  /** Whether a look will do. */
  readonly isQuick: boolean;
  /** The CPUs of this process, asked for before one of its threads was pinned: from then on it is told its own CPU alone. */
  readonly allowed: readonly number[];
  /** What the suite `gate` divides by; null where it is not among them. */
  readonly reference: Reference | null;
  /** Repeats orders, events and intervals. */
  readonly seed: number;
  /** Asked between measurements whether the run is to end. */
  readonly isInterrupted: () => boolean;
  /** Called with a line about each measurement. */
  readonly say: (line: string) => void;
}

/** What they measured. */
export interface BesideRun {
  readonly cells: Cell[];
  readonly goals: Goal[];
  readonly absent: Absent[];
  /** Left out where that suite was not asked for. */
  readonly crossings?: Crossing[];
  /** Left out where that suite was not asked for. */
  readonly programs?: ProgramRecord[];
  /** Left out where the peer that is asked was not built. */
  readonly clocks?: Clocks;
  /** What ended the run before its last measurement, if that was a failure; null if not. */
  readonly failure: unknown;
}

/** Events that are to cause no collection. */
const GC_EVENTS = 10_000_000;

/**
 * Measures the suites. The calling thread stays on the producer's CPU from then on.
 *
 * @param options Which and how.
 * @returns What was measured; less if it was interrupted or failed behind the first measurement.
 * @throws {MissingToolError} If the generator cannot be built here.
 * @throws {Error} If a program fails in the first measurement.
 */
export async function runBeside(options: BesideOptions): Promise<BesideRun> {
  const { suites, allowed, reference, seed, isInterrupted } = options;
  const programs = await buildPeers();
  const producerCpu = allowed[0]!;
  const consumerCpu = allowed.at(-1)!;
  // Between blocks this thread only waits; the programs inherit the CPU and leave it for the consumer's.
  pinThread(producerCpu);
  const random = randomFrom(seed);
  const parties: Parties = { programs, producerCpu, consumerCpu, random, seed, isInterrupted };
  const clocks = await compareClocks(programs, parties);
  const measured = new Measured(options, parties);
  let failure: unknown = null;
  try {
    if (suites.includes("consume")) await measured.consume();
    if (suites.includes("backends")) await measured.backends();
    if (suites.includes("latency")) await measured.latency();
    if (suites.includes("wakeup")) await measured.wakeup();
    if (suites.includes("border")) await measured.border();
    if (suites.includes("peers")) await measured.peers();
    if (reference !== null) await measured.gate(reference);
  } catch (error) {
    // Ctrl-C ends the programs too. What was measured before is published all the same.
    if (measured.isEmpty && !isInterrupted()) throw error;
    if (!isInterrupted()) failure = error;
  }
  return {
    cells: producerCpu === consumerCpu ? measured.cells.map(onOneCpu) : measured.cells,
    goals: measured.goals(),
    absent: [...programs.absent],
    ...(clocks === null ? {} : { clocks }),
    ...(measured.crossings.length === 0 ? {} : { crossings: measured.crossings }),
    ...(measured.programs.length === 0 ? {} : { programs: measured.programs }),
    failure,
  };
}

/** The measurements of a run, one suite after the other. */
class Measured {
  readonly cells: Cell[] = [];
  readonly crossings: Crossing[] = [];
  readonly programs: ProgramRecord[] = [];
  readonly #options: BesideOptions;
  readonly #parties: Parties;
  readonly #consumed: ConsumeOutcome[] = [];
  readonly #waited: LatencyOutcome[] = [];
  readonly #woken: WakeupOutcome[] = [];
  readonly #collections = new Map<string, number>();

  constructor(options: BesideOptions, parties: Parties) {
    this.#options = options;
    this.#parties = parties;
  }

  /** Whether there is nothing yet to publish. */
  get isEmpty(): boolean {
    return this.cells.length + this.crossings.length + this.programs.length === 0;
  }

  async consume(): Promise<void> {
    const { isQuick, scanners } = this.#options;
    await this.#collect();
    const size = isQuick ? QUICK : FULL;
    await this.#plans(scanners.flatMap((scanner) => planConsume(size, scanner)), this.#consumed);
  }

  async backends(): Promise<void> {
    await this.#plans(this.#options.scanners.flatMap(planBackends), []);
  }

  async latency(): Promise<void> {
    const { isQuick, isInterrupted, say } = this.#options;
    const plans = this.#latencyPlans();
    for (const [index, plan] of plans.entries()) {
      if (isInterrupted()) return;
      const outcome = await measureLatency(plan, isQuick ? QUICK_LATENCY : FULL_LATENCY, this.#parties);
      if (outcome === null) return; // the peer is among the absent
      this.#waited.push(outcome);
      const cells = latencyCells(outcome);
      this.cells.push(...cells);
      say(`[${index + 1}/${plans.length}] ${plan.what}: ${ratiosText(cells)}`);
    }
  }

  async wakeup(): Promise<void> {
    const { isQuick, isInterrupted, say } = this.#options;
    const size = isQuick ? QUICK_WAKEUP : FULL_WAKEUP;
    const plans = planWakeup(size);
    for (const [index, plan] of plans.entries()) {
      if (isInterrupted()) return;
      const outcome = await measureWakeup(plan, size, this.#parties);
      if (outcome === null) return; // the peer is among the absent
      this.#woken.push(outcome);
      const cells = wakeupCells(outcome);
      this.cells.push(...cells);
      say(
        `[${index + 1}/${plans.length}] wake-ups by ${plan.kind}, ${plan.events} events: ${
          ratiosText(cells)
        }`,
      );
    }
    for (const kind of ["count", "watermark"] as const) say(fitText(this.#woken, kind) ?? "no fit");
  }

  async gate(reference: Reference): Promise<void> {
    const { isQuick, scanners, seed, say } = this.#options;
    const size = isQuick ? QUICK_GATE_SIZE : GATE_SIZE;
    let measured: readonly GateOutcome[] = [];
    try {
      await measureGate(scanners.flatMap(planGate), size, this.#parties, reference, (turn, outcomes) => {
        measured = outcomes;
        say(`[${turn}/${size.launches}] gate: ${outcomes.length} plans launched`);
      });
    } finally {
      this.cells.push(...measured.flatMap((outcome) => gateCells(outcome, reference.name, seed)));
    }
  }

  async border(): Promise<void> {
    const { isQuick, say } = this.#options;
    this.crossings.push(...await measureBorder(isQuick ? QUICK_BORDER : FULL_BORDER, this.#parties));
    for (const { group, name, ns, low, high } of this.crossings) {
      say(`${group}, ${name}: ${ns.toPrecision(3)} ns (${low.toPrecision(3)} to ${high.toPrecision(3)})`);
    }
  }

  async peers(): Promise<void> {
    const { isQuick, say } = this.#options;
    await measurePeers({ size: isQuick ? QUICK_PEERS : FULL_PEERS, say }, this.#parties, this.programs);
    for (const row of this.programs) say(programText(row));
  }

  /** The rows of the suites that were asked for. */
  goals(): Goal[] {
    const { suites, scanners, seed } = this.#options;
    const goals: Goal[] = [];
    if (suites.includes("consume")) {
      goals.push(...scanners.flatMap((scanner) => judgeGoals(this.#consumed, scanner)));
      for (const each of this.#collectors()) {
        goals.push(gcGoal({ ...each, count: this.#collections.get(`${each.ring} ${each.scanner}`) ?? null }));
      }
    }
    if (suites.includes("latency")) goals.push(...latencyGoals(this.#latencyPlans(), this.#waited));
    if (suites.includes("wakeup")) goals.push(...wakeupGoals(this.#woken, seed));
    return goals;
  }

  #latencyPlans(): LatencyPlan[] {
    return this.#options.scanners.flatMap(planLatency);
  }

  /** What collections are counted of. */
  #collectors(): Pick<GcOptions, "ring" | "scanner" | "events">[] {
    return this.#options.scanners.flatMap((scanner) =>
      (["perf", "ringbuf"] as const).map((ring) => ({ ring, scanner, events: GC_EVENTS }))
    );
  }

  async #collect(): Promise<void> {
    const { isInterrupted, say } = this.#options;
    for (const each of this.#collectors()) {
      if (isInterrupted()) return;
      const count = await countGcLines(this.#parties.programs, { ...this.#parties, ...each });
      this.#collections.set(`${each.ring} ${each.scanner}`, count);
      say(`${each.ring} scanner, ${each.scanner}: ${count} collections in ${each.events} events`);
    }
  }

  async #plans(plans: readonly ConsumePlan[], outcomes: ConsumeOutcome[]): Promise<void> {
    const { isQuick, say } = this.#options;
    await measureConsume(plans, isQuick ? QUICK : FULL, this.#parties, (outcome) => {
      outcomes.push(outcome);
      const cells = consumeCells(outcome);
      this.cells.push(...cells);
      say(`[${outcomes.length}/${plans.length}] ${planText(outcome.plan)}: ${ratiosText(cells)}`);
    });
  }
}

/** What is read where it was written lies in the caches of that CPU, and who waits there is waited for. */
function onOneCpu(cell: Cell): Cell {
  return { ...cell, flags: [...cell.flags, "one-cpu"] };
}

/** `0.93 of libbpf perf_buffer, 1.2 of C in-place walk`, eventpipe over itself left out. */
function ratiosText(cells: readonly Cell[]): string {
  const ratios = cells.slice(1).flatMap(({ ratio }) => ratio ?? []);
  return ratios.map(({ to, median }) => `${median.toFixed(2)} of ${to}`).join(", ") || "no peer";
}
