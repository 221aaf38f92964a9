/**
 * The rounds of the tracer's benchmark: everything once per round, mixed, what fails noted.
 *
 * @module
 */

import { openEnvironment } from "../../src/report/environment.ts";
import { randomFrom, shuffled } from "../measure/random.ts";
import { sleep, Workload } from "./harness.ts";
import { measureLife, measureOpen, measureStop } from "./measures.ts";
import {
  type Failure,
  type LifeSample,
  type OpenSample,
  type StopSample,
  TRACE_RESULTS_SCHEMA,
  type TraceResults,
} from "./results.ts";
import { type FoundTools, type OpenWay, type Tool, UNTRACED } from "./tools.ts";

/** The ticker starts a program this often. */
const TICK_MS = 4;

/** One run of everything. */
export class Bench {
  readonly #life: LifeSample[] = [];
  readonly #stop: StopSample[] = [];
  readonly #open: OpenSample[] = [];
  readonly #failures: Failure[] = [];
  readonly #random: () => number;

  /**
   * @param found The tools.
   * @param runs How many rounds.
   * @param pairs How often the workload opens and closes a file.
   * @param seed What the order is drawn from.
   */
  constructor(
    readonly found: FoundTools,
    readonly runs: number,
    readonly pairs: number,
    readonly seed: number,
  ) {
    this.#random = randomFrom(seed);
  }

  /** Measures everything, some minutes long. */
  async run(): Promise<TraceResults> {
    const environment = openEnvironment({ seeds: { order: this.seed } });
    const startedAt = new Date().toISOString();
    using workload = await Workload.compile();
    workload.startTicking(TICK_MS);
    await this.#rounds("life", this.found.tools, async (tool, round) => {
      this.#life.push(await measureLife(tool, round));
    });
    await this.#rounds("stop", this.found.tools, async (tool, round) => {
      if (round === 0 || !tool.detachesSlowly) this.#stop.push(await measureStop(tool, round));
    });
    await workload.stopTicking();
    await sleep(TICK_MS);
    const ways: (OpenWay & { tool: Tool | null })[] = this.found.tools.flatMap((tool) =>
      tool.open.map((way) => ({ ...way, tool }))
    );
    const all = [{ name: UNTRACED, argv: [], tool: null }, ...ways];
    await this.#rounds("open", all, async (way, round) => {
      this.#open.push(await measureOpen(way, round, workload, this.pairs));
    });
    return {
      schema: TRACE_RESULTS_SCHEMA,
      startedAt,
      endedAt: new Date().toISOString(),
      command: ["deno task bench:trace", ...Deno.args].join(" "),
      environment: environment.finish(),
      versions: this.found.versions,
      absent: this.found.absent,
      pairs: this.pairs,
      life: this.#life,
      stop: this.#stop,
      open: this.#open,
      failures: this.#failures,
    };
  }

  /** Measures things once per round, in another order each time. What fails is kept and does not end the run. */
  async #rounds<T extends Tool | (OpenWay & { tool: Tool | null })>(
    what: Failure["what"],
    things: readonly T[],
    measure: (thing: T, round: number) => Promise<void>,
  ): Promise<void> {
    for (let round = 0; round < this.runs; round++) {
      for (const thing of shuffled(things, this.#random)) {
        try {
          await measure(thing, round);
        } catch (error) {
          const isOurs = "tool" in thing ? thing.tool?.isOurs ?? false : thing.isOurs;
          this.#failures.push({ tool: thing.name, isOurs, what, round, message: (error as Error).message });
        }
      }
      console.error(`${what}: round ${round + 1} of ${this.runs}`);
    }
  }
}
