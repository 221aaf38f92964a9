/**
 * `deno task epoll fuzz`: random programs on the model and on the kernel, and whether both come to the same.
 *
 * @module
 */

import { EventPipeError } from "../../errors.ts";
import { LinuxSystem } from "../../eventpoll/linux.ts";
import { ModelSystem } from "../../eventpoll/model.ts";
import { checkModel } from "../../../test/eventpoll/fuzz/invariants.ts";
import { runPrograms, shrinkFinding, type Tally } from "../../../test/eventpoll/fuzz/programs.ts";
import { toScenario } from "../../../test/eventpoll/fuzz/scenario.ts";
import { describeFinding, runSleeperPrograms } from "../../../test/eventpoll/fuzz/sleeper_programs.ts";
import { SEEDS } from "../../../test/fuzz/random.ts";
import { runCommand } from "../args.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "../exit.ts";
import { formatCount, parseCount, parseDurationMs } from "../units.ts";

const COMMAND = {
  name: "epoll fuzz",
  summary:
    "Run random programs on the model and on the kernel, and compare what every step of them returns, with the order of " +
    "events. Most of the time goes to programs without sleepers, a fifth to programs with them. A mismatch is printed as " +
    "a scenario with as few steps as show it; then the exit status is 1.",
  options: {
    seconds: {
      type: "string",
      value: "TIME",
      help: "for how long; a bare number is seconds",
      default: "10",
      parse: parsePositiveMs,
    },
    seed: {
      type: "string",
      value: "N",
      help: "determines the programs; drawn unless given, and printed",
      parse: parseSeed,
    },
  },
  examples: ["epoll fuzz --seconds 60 --seed 1"],
} as const;

/** The part of the time that programs without sleepers get. */
const SHARE = 0.8;

/**
 * Runs the command.
 *
 * @param args The arguments behind `fuzz`.
 * @returns The exit status.
 */
export function main(args: readonly string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ options: { seconds, seed } }) => {
    try {
      return await fuzz(seconds, seed ?? Math.floor(Math.random() * SEEDS));
    } catch (error) {
      if (!(error instanceof EventPipeError)) throw error;
      console.error(error.message);
      return EXIT_UNSUPPORTED;
    }
  });
}

async function fuzz(ms: number, seed: number): Promise<number> {
  const tally: Tally = { programs: 0, steps: 0, disturbed: 0, unrepeated: 0 };
  const isFine = await fuzzSteps(seed, timer(ms * SHARE), tally) &&
    await fuzzSleepers(seed, timer(ms * (1 - SHARE)), tally);
  if (tally.disturbed > 0) {
    console.error(
      `${tally.disturbed} programs were given up: something else in this process opened or closed files`,
    );
  }
  if (tally.unrepeated > 0) {
    console.error(
      `${tally.unrepeated} programs with sleepers did once what the model never does, and then did not`,
    );
  }
  const { programs, steps } = tally;
  console.log(`${programs} programs, ${steps} steps, ${isFine ? 0 : 1} mismatches, seed ${seed}`);
  return isFine ? EXIT_OK : EXIT_FAILED;
}

async function fuzzSteps(seed: number, goesOn: (tally: Tally) => boolean, tally: Tally): Promise<boolean> {
  await using linux = new LinuxSystem();
  const subject = { open: (): ModelSystem => new ModelSystem(), check: checkModel };
  const finding = runPrograms(subject, linux, seed, goesOn, tally);
  if (finding !== null) console.log(toScenario(shrinkFinding(subject, linux, finding)));
  return finding === null;
}

async function fuzzSleepers(seed: number, goesOn: (tally: Tally) => boolean, tally: Tally): Promise<boolean> {
  const open = (order?: number): ModelSystem => new ModelSystem(order === undefined ? {} : { seed: order });
  const finding = await runSleeperPrograms(open, seed, goesOn, tally);
  if (finding !== null) console.log(describeFinding(finding));
  return finding === null;
}

/** Says no when the time is over, and how fast it goes every second. */
function timer(ms: number): (tally: Tally) => boolean {
  const start = performance.now();
  let last: { at: number; steps: number } | undefined;
  return ({ steps }: Tally): boolean => {
    const now = performance.now();
    last ??= { at: now, steps };
    if (now - last.at >= 1000) {
      const rate = (steps - last.steps) / (now - last.at) * 1000;
      console.error(`${Math.round((now - start) / 1000)} s: ${formatCount(rate)} steps/s`);
      last = { at: now, steps };
    }
    return now - start < ms;
  };
}

function parsePositiveMs(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === 0) throw new RangeError("it must be longer than 0");
  return ms;
}

function parseSeed(text: string): number {
  const seed = parseCount(text);
  if (seed >= SEEDS) throw new RangeError(`Cannot use seed ${seed}: it must be below ${SEEDS}`);
  return seed;
}
