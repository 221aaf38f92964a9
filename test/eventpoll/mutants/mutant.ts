/**
 * Broken copies of the model: pieces of its source are replaced, the rest is the same. What holds the model to the kernel must
 * find each of them.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ModelOptions, ModelSystem } from "../../../src/eventpoll/model.ts";
import type * as runner from "../../../src/eventpoll/run_scenario.ts";
import type * as format from "../../../src/eventpoll/scenario.ts";

/** One thing that is broken. */
export interface Mutant {
  /** What the copy does that the kernel does not. */
  readonly name: string;
  /** Why that matters, as a line for people. */
  readonly why: string;
  /** The file of `src/eventpoll/`. */
  readonly file: string;
  /** Pieces of the file that stand in it once, each with what stands there in the copy. */
  readonly pieces: readonly (readonly [from: string, to: string])[];
  /** Why nobody can tell the copy from the original by any result of a call. */
  readonly equivalent?: string;
}

/**
 * Says for several mutants which file is broken.
 *
 * @param file The file of `src/eventpoll/`.
 * @param mutants The mutants without it.
 * @returns The mutants.
 */
export function mutantsOf(file: string, mutants: readonly Omit<Mutant, "file">[]): Mutant[] {
  return mutants.map((mutant) => ({ ...mutant, file }));
}

/** What a copy exports. */
export interface MutantModel {
  /** Makes a broken model. */
  readonly ModelSystem: new (options?: ModelOptions) => ModelSystem;
  /** Runs scenarios on it. */
  readonly runScenario: typeof runner.runScenario;
  /** Reads scenarios. */
  readonly parseScenarios: typeof format.parseScenarios;
}

const SOURCE = fileURLToPath(new URL("../../../src/eventpoll/", import.meta.url));

/** The kernel's side. */
const LEFT_OUT = /^linux(\.ts|\/)/;

/** What an import statement names, by a path from its file. */
const IMPORT = / from "(\.[^"]+)"/g;

let sources: Promise<ReadonlyMap<string, string>> | undefined;

/**
 * Makes a broken copy and imports it. What does not use the broken file is shared with the original.
 *
 * @param mutant What is broken.
 * @returns What it exports.
 * @throws {Error} If a piece that is to be replaced does not stand in the file, or more than once.
 */
export async function importMutant(mutant: Mutant): Promise<MutantModel> {
  const texts = await (sources ??= readSources());
  const copied = usersOf(mutant.file, texts);
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-mutant-" });
  const urlOf = (path: string): string =>
    pathToFileURL((copied.has(path) ? `${folder}/` : SOURCE) + path).href;
  try {
    for (const path of copied) {
      const text = path === mutant.file ? mutate(texts.get(path)!, mutant) : texts.get(path)!;
      const copy = text.replace(
        IMPORT,
        (_, target: string) => ` from "${urlOf(join(dirname(path), target))}"`,
      );
      await Deno.mkdir(dirname(`${folder}/${path}`), { recursive: true });
      await Deno.writeTextFile(`${folder}/${path}`, copy);
    }
    const load = (path: string): Promise<unknown> => import(urlOf(path));
    const [model, run, scenario] = await Promise.all(
      ["model.ts", "run_scenario.ts", "scenario.ts"].map(load),
    );
    return Object.assign({}, model, run, scenario) as MutantModel;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A file and all that import it, directly or not. */
function usersOf(file: string, texts: ReadonlyMap<string, string>): ReadonlySet<string> {
  const users = new Set([file]);
  for (let before = 0; before !== users.size;) {
    before = users.size;
    for (const [path, text] of texts) {
      const imports = text.matchAll(IMPORT).map(([, target]) => join(dirname(path), target!));
      if (imports.some((target) => users.has(target))) users.add(path);
    }
  }
  return users;
}

/**
 * Replaces the pieces.
 *
 * @param source The text of the mutant's file.
 * @param mutant What is broken.
 * @returns The text of the copy.
 * @throws {Error} If a piece does not stand in the text, or more than once.
 */
export function mutate(source: string, { name, file, pieces }: Mutant): string {
  let text = source;
  for (const [from, to] of pieces) {
    const times = text.split(from).length - 1;
    if (times !== 1) {
      throw new Error(
        `Cannot make the mutant "${name}": a piece stands ${times} times in ${file}, must once:\n${from}`,
      );
    }
    text = text.replace(from, () => to);
  }
  return text;
}

async function readSources(): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for await (const path of sourceFiles("")) texts.set(path, await Deno.readTextFile(SOURCE + path));
  return texts;
}

async function* sourceFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(SOURCE + folder)) {
    const path = folder + name;
    if (LEFT_OUT.test(isDirectory ? `${path}/` : path)) continue;
    if (isDirectory) yield* sourceFiles(`${path}/`);
    else yield path;
  }
}
