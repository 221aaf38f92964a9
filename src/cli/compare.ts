/**
 * `deno task compare`: two results, or two folders of repeated runs, cell by cell.
 *
 * @module
 */

import { compareRuns } from "../report/compare/compare.ts";
import { differences } from "../report/compare/environments.ts";
import { measuresOf } from "../report/compare/measures.ts";
import { renderComparison } from "../report/compare/table.ts";
import type { Results } from "../report/schema.ts";
import { type Options, runCommand, UsageError } from "./args.ts";
import { BASELINES, findSide } from "./compare/side.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./exit.ts";
import { readResults, ResultsError } from "./results_file.ts";

const OPTIONS = {
  gate: {
    type: "string",
    value: "PCT",
    help: "tolerate slowdowns up to so many percent",
    default: "2",
    parse: parsePercent,
  },
  force: { type: "boolean", help: "compare unlike environments all the same, and say what differs" },
} as const satisfies Options;

const COMMAND = {
  name: "compare",
  summary:
    "Compare results B with results A: times of each cell with intervals, at a false discovery rate of 5%. Exit status 1 if " +
    "a cell is slower beyond doubt, 2 if the environments are unlike or nothing can be judged.",
  options: OPTIONS,
  positionals: {
    usage: "A B",
    help: `each a results.json, its folder, a folder of several runs, or a name in ${BASELINES}`,
    min: 2,
    max: 2,
  },
  examples: [
    "compare results/runs/before results/runs/after",
    "compare --gate 5 main results/runs/after",
  ],
} as const;

Deno.exitCode = await runCommand(COMMAND, Deno.args, ({ options, positionals: [nameA = "", nameB = ""] }) => {
  const files = [findSide(nameA), findSide(nameB)] as const;
  try {
    const [a, b] = files.map((side) => side.map(readResults)) as [Results[], Results[]];
    return compare([nameA, nameB], a, b, options.gate, options.force);
  } catch (error) {
    if (!(error instanceof ResultsError)) throw error;
    console.error(error.message);
    return EXIT_FAILED;
  }
});

function compare(
  names: readonly [string, string],
  a: readonly Results[],
  b: readonly Results[],
  tolerance: number,
  isForced: boolean,
): number {
  const unlike = [...a, ...b].slice(1).flatMap(({ environment }) =>
    differences(a[0]!.environment, environment)
  );
  if (unlike.length > 0) {
    const list = [...new Set(unlike)].map((each) => `  ${each}`).join("\n");
    const consequence = isForced ? "compared all the same" : "not compared; see --force";
    console.error(`The environments are unlike, ${consequence}:\n${list}`);
    if (!isForced) return EXIT_USAGE;
  }
  const comparison = compareRuns(a, b, tolerance);
  if (comparison.measures.length === 0) {
    throw new UsageError(
      `${names[0]} and ${names[1]} have no cell in common: ${exampleOf(names[0], a)}, ${
        exampleOf(names[1], b)
      }`,
    );
  }
  console.log(
    `A is ${sideText(names[0], a)}, B is ${sideText(names[1], b)}.\n\n${renderComparison(comparison)}`,
  );
  if (comparison.measures.every(({ verdict }) => verdict === "too few launches")) return EXIT_USAGE;
  return comparison.measures.some(({ verdict }) => verdict === "slower") ? EXIT_FAILED : EXIT_OK;
}

/** One of the cells of a side, since what they differ in may be what they were divided by. */
function exampleOf(name: string, runs: readonly Results[]): string {
  const [first] = measuresOf(runs).values();
  return `${name} has ${first === undefined ? "none" : `"${first.cell}: ${first.what}"`}`;
}

/** The name of a side with what it consists of. */
function sideText(name: string, runs: readonly Results[]): string {
  const revisions = [
    ...new Set(runs.map(({ environment: { gitRevision, gitDirty } }) => {
      return gitRevision === null
        ? "an unknown revision"
        : `${gitRevision.slice(0, 12)}${gitDirty ? " and changes" : ""}`;
    })),
  ];
  return `${name} (${runs.length === 1 ? "1 run" : `${runs.length} runs`} of ${revisions.join(", ")})`;
}

function parsePercent(text: string): number {
  const percent = /^\d+(\.\d+)?%?$/.test(text) ? parseFloat(text) : NaN;
  if (!(percent >= 0)) throw new RangeError(`Cannot parse percent: "${text}", expected a number such as 5`);
  return percent / 100;
}
