/**
 * What a side of a comparison is called: a path, or the name of a baseline, which is a folder in `results/baselines/`. Relies
 * on the results files of a folder.
 *
 * @module
 */

import { didYouMean, UsageError } from "../args.ts";
import { findResults } from "../results_file.ts";

/** Where baselines lie, relative to the working directory. */
export const BASELINES = "results/baselines";

/**
 * Finds the results files of a side.
 *
 * @param name A path, or else the name of a baseline.
 * @returns The paths of its results files, one per run.
 * @throws {UsageError} If it is neither.
 */
export function findSide(name: string): readonly string[] {
  if (isThere(name)) return findResults(name).files;
  const baselines = namesOfBaselines();
  if (baselines.includes(name)) return findResults(`${BASELINES}/${name}`).files;
  throw new UsageError(
    `There is no ${name}, and no baseline of that name in ${BASELINES}${didYouMean(name, baselines)}`,
  );
}

function namesOfBaselines(): string[] {
  try {
    return [...Deno.readDirSync(BASELINES)].filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  } catch {
    return [];
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
