/**
 * `deno task epoll mutants`: whether wrong models are found.
 *
 * @module
 */

import { markdownTable } from "markdown-table";
import { EventPipeError } from "../../errors.ts";
import { MUTANTS } from "../../../test/eventpoll/mutants/all.ts";
import { type Findings, hunt } from "../../../test/eventpoll/mutants/hunt.ts";
import { importMutant, type Mutant } from "../../../test/eventpoll/mutants/mutant.ts";
import { runCommand, UsageError } from "../args.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "../exit.ts";

const COMMAND = {
  name: "epoll mutants",
  summary:
    "Break the model in many ways, one at a time, and look whether the scenarios, random programs, and random programs with " +
    "sleepers find it. Takes some minutes. Exit status 1 if a mutant survives, or if one is found that no result of a call " +
    "should tell from the original.",
  options: {
    filter: { type: "string", value: "TEXT", help: "only mutants with this in their names or files" },
  },
  examples: ["epoll mutants", "epoll mutants --filter scan.ts"],
} as const;

const HEAD = ["file", "mutant", "verdict", "scenario that fails", "programs", "with sleepers"];

/** What a row says of a mutant. */
type Verdict = "found" | "SURVIVED" | "equivalent" | "NOT EQUIVALENT";

/**
 * Runs the command.
 *
 * @param args The arguments behind `mutants`.
 * @returns The exit status.
 */
export function main(args: readonly string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ options: { filter = "" } }) => {
    const mutants = MUTANTS.filter(({ name, file }) => name.includes(filter) || file.includes(filter));
    if (mutants.length === 0) throw new UsageError(`No mutant has "${filter}" in its name or file`);
    try {
      return await huntAll(mutants);
    } catch (error) {
      if (!(error instanceof EventPipeError)) throw error;
      console.error(error.message);
      return EXIT_UNSUPPORTED;
    }
  });
}

async function huntAll(mutants: readonly Mutant[]): Promise<number> {
  const rows: string[][] = [HEAD];
  const notes: string[] = [];
  const counts: Record<Verdict, number> = { found: 0, SURVIVED: 0, equivalent: 0, "NOT EQUIVALENT": 0 };
  for (const [index, mutant] of mutants.entries()) {
    console.error(`${index + 1}/${mutants.length} ${mutant.file}: ${mutant.name}`);
    const findings = await hunt(await importMutant(mutant));
    const verdict = verdictOf(mutant, findings);
    counts[verdict]++;
    rows.push([mutant.file, mutant.name, verdict, ...cellsOf(findings)]);
    if (mutant.equivalent !== undefined) notes.push(`${mutant.name}: ${mutant.equivalent}`);
    if (verdict === "SURVIVED") notes.push(`${mutant.name}: ${mutant.why}`);
  }
  console.log(markdownTable(rows));
  if (notes.length > 0) console.log(["", ...notes].join("\n"));
  console.log(`${counts.found} found, ${counts.SURVIVED} survived, ${counts.equivalent} equivalent`);
  return counts.SURVIVED + counts["NOT EQUIVALENT"] > 0 ? EXIT_FAILED : EXIT_OK;
}

function verdictOf({ equivalent }: Mutant, { scenario, programs, sleeperPrograms }: Findings): Verdict {
  const isFound = scenario !== null || programs !== null || sleeperPrograms !== null;
  if (equivalent === undefined) return isFound ? "found" : "SURVIVED";
  return isFound ? "NOT EQUIVALENT" : "equivalent";
}

function cellsOf({ scenario, programs, sleeperPrograms }: Findings): string[] {
  return [scenario, programs, sleeperPrograms].map((cell) => String(cell ?? "-"));
}
