/**
 * The suite `border`: what each crossing between TypeScript and the rest costs: calls through FFI and into WebAssembly,
 * callbacks, reads of memory, clocks. Blocks of all crossings come in random order, in several launches of their program,
 * since what the just-in-time compiler makes of a loop is a matter of the process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Crossing } from "../../src/report/schema.ts";
import { ratioInterval } from "../measure/bootstrap.ts";
import { shuffled } from "../measure/random.ts";
import { type CrossingName, crossRequest, readCrossAnswer } from "../peers/border/protocol.ts";
import { LineProcess } from "../peers/line_process.ts";
import type { Parties } from "./parties.ts";

/** How much is measured. */
export interface BorderSize {
  /** How often the program is started anew. */
  readonly launches: number;
  /** Blocks of each crossing in a launch. */
  readonly rounds: number;
}

/** A plain run. */
export const FULL_BORDER: BorderSize = { launches: 10, rounds: 30 };

/** A look. */
export const QUICK_BORDER: BorderSize = { launches: 5, rounds: 8 };

const PROGRAM = fileURLToPath(new URL("../peers/border/main.ts", import.meta.url));

/** The code is the same, but it is there after the warm-up, however busy the machine is that compiles it. */
const V8_FLAGS = "--v8-flags=--no-concurrent-recompilation";

/** What the blocks say of one crossing. */
interface Times {
  readonly crossing: CrossingName;
  /** The time of one, by launch and block. */
  readonly launches: number[][];
}

/**
 * Measures all crossings.
 *
 * @param size How much.
 * @param parties Where, and in which order.
 * @returns The crossings, the empty loop first; those of the launches that ended before an interruption.
 * @throws {Error} If the program fails.
 */
export async function measureBorder(
  { launches, rounds }: BorderSize,
  { consumerCpu, random, seed, isInterrupted }: Pick<
    Parties,
    "consumerCpu" | "random" | "seed" | "isInterrupted"
  >,
): Promise<Crossing[]> {
  let all: Times[] = [];
  for (let launch = 0; launch < launches && !isInterrupted(); launch++) {
    const measured = await measureLaunch(rounds, consumerCpu, random);
    all = launch === 0 ? measured : all.map((times, index) => ({
      ...times,
      launches: [...times.launches, ...measured[index]!.launches],
    }));
  }
  return all.map((times) => crossingOf(times, seed));
}

async function measureLaunch(rounds: number, consumerCpu: number, random: () => number): Promise<Times[]> {
  const argv = [Deno.execPath(), "run", "-A", V8_FLAGS, PROGRAM, String(consumerCpu)];
  await using program = new LineProcess({ name: "border", argv });
  const first = readCrossAnswer(await program.ask("", "start"));
  if (!("crossings" in first)) throw program.failure("start", JSON.stringify(first));
  const times = first.crossings.map((crossing) => ({ crossing, blocks: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    const order = shuffled([...times.keys()], random);
    const action = "cross the border";
    const answer = readCrossAnswer(await program.ask(crossRequest(order), action));
    if (!("ns" in answer) || answer.ns.length !== order.length) {
      throw program.failure(action, JSON.stringify(answer));
    }
    for (const [place, index] of order.entries()) times[index]!.blocks.push(answer.ns[place]!);
  }
  return times.map(({ crossing, blocks }) => ({ crossing, launches: [blocks] }));
}

/** The bootstrap is that of ratios, of which it asks only that they are above 0. */
function crossingOf({ crossing, launches }: Times, seed: number): Crossing {
  const { median, low, high, pairs } = ratioInterval(launches, { seed });
  return { ...crossing, ns: median, low, high, blocks: pairs };
}
