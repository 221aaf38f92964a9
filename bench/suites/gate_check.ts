/**
 * `deno task bench:gate`, the check of the gate: two runs of this checkout must be found equal, and a run of a copy whose
 * scanning is 10 % slower must be found slower, by the command lines that a continuous integration uses.
 *
 * @module
 */

import { markdownTable } from "markdown-table";
import { fileURLToPath } from "node:url";
import { runCommand, UsageError } from "../../src/cli/args.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "../../src/cli/exit.ts";
import { parseCount } from "../../src/cli/units.ts";
import { changedCopy } from "../checkout_copy.ts";
import { kernelObstacle } from "../obstacle.ts";
import { openReference } from "./gate_reference.ts";
import { SLOWED_SCANNER } from "./gate_slowed.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The share of comparisons of equal runs that must end with 0. */
const EQUAL_SHARE = 0.95;

/** In percent, as docs/ci.md has it: runs of one commit, a minute apart, can differ by some for reasons of the machine. */
const TOLERANCE = "5";

/** How a comparison ended. */
export interface Compared {
  /** Its exit status. */
  readonly status: number;
  /** The cells it calls slower, with their ratios. */
  readonly slower: readonly string[];
}

/** What the check has seen. */
export interface GateCheck {
  /** Two runs of this checkout. */
  readonly equal: readonly Compared[];
  /** A run of this checkout, and one of the slower copy. */
  readonly slowed: readonly Compared[];
}

/**
 * Finds what a comparison calls slower.
 *
 * @param text What it has printed.
 * @returns A line for each of the rows: the cell, what was timed, and the ratio with its interval.
 */
export function slowerCells(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [cell, what, , , ratio, , verdict] = line.split("|").slice(1, -1).map((column) => column.trim());
    return verdict === "slower" ? [`${cell}, ${what}: ${ratio}`] : [];
  });
}

/**
 * Judges the check.
 *
 * @param check What it has seen.
 * @param wanted How many comparisons of each kind there should be.
 * @returns A table, and whether the gate is as it must be.
 */
export function judgeCheck(
  { equal, slowed }: GateCheck,
  wanted: { readonly tries: number; readonly slowedTries: number },
): { text: string; isPassed: boolean } {
  const clean = equal.filter(({ status }) => status === EXIT_OK).length;
  const found = slowed.filter(({ status, slower }) => status === EXIT_FAILED && slower.length > 0).length;
  const needed = Math.ceil(EQUAL_SHARE * wanted.tries);
  const rows = [
    ["two runs of this checkout", "0", `${clean} of ${equal.length}`, `${needed} of ${wanted.tries}`],
    [
      "scanning 10 % slower",
      "1, with cells",
      `${found} of ${slowed.length}`,
      `${wanted.slowedTries} of ${wanted.slowedTries}`,
    ],
  ];
  return {
    text: markdownTable([["compared", "exit status", "seen", "needed"], ...rows]),
    isPassed: clean >= needed && found === wanted.slowedTries && equal.length === wanted.tries,
  };
}

/** Measures and compares until all tries were made, or Ctrl-C. */
async function runCheck(tries: number, slowedTries: number): Promise<GateCheck> {
  await using cleanup = new AsyncDisposableStack();
  let isInterrupted = false;
  const interrupt = (): void => void (isInterrupted = true);
  Deno.addSignalListener("SIGINT", interrupt);
  cleanup.defer(() => Deno.removeSignalListener("SIGINT", interrupt));
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-gate-" });
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  const copy = cleanup.use(await changedCopy(SLOWED_SCANNER));
  // The copy has no history to take it from.
  const reference = await openReference(null);
  const equal: Compared[] = [];
  const slowed: Compared[] = [];
  /** Whether all sides were measured; a run that Ctrl-C ended holds too little to be compared. */
  const measureAll = async (sides: readonly (readonly [string, string])[]): Promise<boolean> => {
    for (const [root, out] of sides) {
      if (isInterrupted) return false;
      const args = ["bench", "--suite", "gate", "--against", reference.path, "--out", out];
      const { code, stderr } = await runTask(root, args);
      // Ctrl-C reaches the run too, which may end with any status then.
      if (code !== EXIT_OK && !isInterrupted) {
        throw new Error(`Cannot check the gate: a run ended with ${code}: ${stderr.trim()}`);
      }
    }
    return !isInterrupted;
  };
  for (let i = 1; i <= tries; i++) {
    const [a, b, c] = [`${folder}/${i}-a`, `${folder}/${i}-b`, `${folder}/${i}-slowed`] as const;
    if (!await measureAll([[ROOT, a], [ROOT, b]])) break;
    equal.push(tell(`${i} of ${tries}, twice this checkout`, await compare(a, b)));
    if (i > slowedTries) continue;
    if (!await measureAll([[copy.path, c]])) break;
    slowed.push(tell(`${i} of ${slowedTries}, scanning 10 % slower`, await compare(b, c)));
  }
  return { equal, slowed };
}

async function compare(a: string, b: string): Promise<Compared> {
  const { code, stdout } = await runTask(ROOT, ["compare", "--gate", TOLERANCE, a, b]);
  return { status: code, slower: slowerCells(stdout) };
}

async function runTask(
  root: string,
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

function tell(what: string, compared: Compared): Compared {
  const { status, slower } = compared;
  console.error([`${what}: exit status ${status}`, ...slower.map((cell) => `  slower: ${cell}`)].join("\n"));
  return compared;
}

const COMMAND = {
  name: "bench:gate",
  summary:
    "Compare this checkout with itself, and with a copy whose scanner is 10 % slower, by runs of bench --suite gate: at " +
    "least 95 % of the first must end with 0, all of the second with 1. Takes some 30 minutes; exit status 1 if not.",
  options: {
    tries: {
      type: "string",
      value: "COUNT",
      help: "comparisons of this checkout with itself",
      default: "20",
      parse: parseCount,
    },
    "slowed-tries": {
      type: "string",
      value: "COUNT",
      help: "comparisons with the slower copy, no more than the others",
      default: "5",
      parse: parseCount,
    },
  },
} as const;

if (import.meta.main) {
  Deno.exitCode = await runCommand(COMMAND, Deno.args, async ({ options: { tries, slowedTries } }) => {
    if (tries < 1) throw new UsageError("--tries: expected at least 1");
    if (slowedTries > tries) {
      throw new UsageError(`--slowed-tries: expected at most ${tries}, the number of tries`);
    }
    const obstacle = kernelObstacle();
    if (obstacle !== null) {
      console.error(`The gate cannot run here: ${obstacle}\nTry: deno task doctor`);
      return EXIT_UNSUPPORTED;
    }
    const { text, isPassed } = judgeCheck(await runCheck(tries, slowedTries), { tries, slowedTries });
    console.log(text);
    return isPassed ? EXIT_OK : EXIT_FAILED;
  });
}
