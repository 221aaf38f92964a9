/**
 * Results files as commands name them: a file, a folder that holds one, or a folder of such folders. Relies on the schema.
 *
 * @module
 */

import { parseResults, type Results } from "../report/schema.ts";
import { UsageError } from "./args.ts";

/** What a results file is called in its folder. */
export const RESULTS_NAME = "results.json";

/** A file is there, but it is no results file; exit status 1. */
export class ResultsError extends Error {
  override readonly name = "ResultsError";
}

/**
 * Reads a results file.
 *
 * @param path Of the file.
 * @returns What is in it, checked.
 * @throws {UsageError} If it cannot be read.
 * @throws {ResultsError} If it holds something else.
 */
export function readResults(path: string): Results {
  const text = readText(path);
  try {
    return parseResults(JSON.parse(text));
  } catch (error) {
    throw new ResultsError(`${path}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/**
 * Reads a text file that a command line names.
 *
 * @param path Of the file.
 * @returns Its text.
 * @throws {UsageError} If it cannot be read.
 */
export function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/**
 * Finds the results files that a path means.
 *
 * @param path A file, a folder with a results file, or a folder whose folders have one.
 * @returns The paths of the files in alphabetical order, and whether they are those of several folders.
 * @throws {UsageError} If there is none.
 */
export function findResults(
  path: string,
): { readonly files: readonly string[]; readonly isCollection: boolean } {
  const info = stat(path);
  if (info === null) throw new UsageError(`There is no ${path}`);
  if (info.isFile) return { files: [path], isCollection: false };
  const folder = path.replace(/(?<=.)\/+$/, "");
  if (stat(`${folder}/${RESULTS_NAME}`)?.isFile) {
    return { files: [`${folder}/${RESULTS_NAME}`], isCollection: false };
  }
  const names = [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory).map(({ name }) =>
    name
  );
  const files = names.sort().map((name) => `${folder}/${name}/${RESULTS_NAME}`).filter((file) =>
    stat(file)?.isFile
  );
  if (files.length === 0) {
    throw new UsageError(`There is no ${RESULTS_NAME} in ${path}, nor in the folders in it`);
  }
  return { files, isCollection: true };
}

/** What is at a path; null if nothing is. */
function stat(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}
