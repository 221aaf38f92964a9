/**
 * What the suite `gate` divides by: eventpipe itself, as it stands in another checkout. Both run on the same just-in-time
 * compiler and have nearly the same machine code, so whatever slows such code for a minute slows both, and their ratio
 * stands still. Relies on git and tar for the checkout that is taken unless one is named.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../src/cli/args.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The commit that is taken unless a checkout is named: both sides of a comparison have to be divided by the same. It has to
 * become a later one when the protocol of the peers changes, or when eventpipe has become so unlike it that the gate is
 * noisier than docs/ci.md says.
 */
export const REVISION = "a92f6cd7683f33d30a2f7e7b20719167d7676bf6";

/** The program in a checkout that is measured. */
const SCRIPT = "bench/peers/eventpipe.ts";

/** What that program is made of. */
const SCRIPT_PARTS = ["bench/peers", "src"] as const;

/** What is taken of a commit: the program, all that it may import, and how it is to be run. */
const TAKEN = ["deno.json", "deno.lock", "bench", "src", "types"] as const;

/** A checkout to divide by. */
export interface Reference {
  /** Tells checkouts apart by their `bench/peers` and `src`: `compare` compares what has one name. */
  readonly name: string;
  /** Where it lies. */
  readonly path: string;
  /** The path of its program, the peer `eventpipe.ts`. */
  readonly script: string;
}

/**
 * Opens the checkout to divide by.
 *
 * @param against Its path; null for a commit of this repository that stays the same.
 * @returns The checkout.
 * @throws {UsageError} If it is no checkout of eventpipe, or this repository does not have the commit.
 */
export async function openReference(against: string | null): Promise<Reference> {
  const path = resolve(against ?? await extractCommit(ROOT, REVISION));
  const script = join(path, SCRIPT);
  if (!await isFile(script) || !await isFile(join(path, "deno.json"))) {
    throw new UsageError(`Cannot divide by ${path}: it is no checkout of eventpipe, which has ${SCRIPT}`);
  }
  return { name: `reference ${await fingerprint(path)}`, path, script };
}

/**
 * Puts what the program is made of, as it was at a commit, into build/gate, once.
 *
 * @param root A checkout of the repository.
 * @param revision The commit.
 * @returns Where it is.
 * @throws {UsageError} If it cannot be had: most often the history ends behind it.
 */
export async function extractCommit(root: string, revision: string): Promise<string> {
  const folder = join(root, "build/gate");
  const path = join(folder, revision.slice(0, 12));
  if (await isFile(join(path, SCRIPT))) return path;
  await Deno.mkdir(folder, { recursive: true });
  const unfinished = await Deno.makeTempDir({ dir: folder });
  try {
    const [archive, tree] = [join(unfinished, "archive.tar"), join(unfinished, "tree")];
    await run(root, "git", ["archive", "--output", archive, revision, ...TAKEN]);
    await Deno.mkdir(tree);
    await run(root, "tar", ["--extract", "--file", archive, "--directory", tree]);
    await Deno.rename(tree, path);
  } catch (error) {
    // Another run may have been faster; a folder that is not empty is not replaced.
    if (!await isFile(join(path, SCRIPT))) throw error;
  } finally {
    await Deno.remove(unfinished, { recursive: true });
  }
  return path;
}

async function run(cwd: string, command: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args: [...args], cwd, stdin: "null" })
    .output()
    .catch((error) => ({ success: false, stderr: new TextEncoder().encode(String(error)) }));
  if (success) return;
  throw new UsageError(
    `Cannot get the commit that the gate divides by: ${new TextDecoder().decode(stderr).trim()}\n` +
      "If the history ends behind it: git fetch --unshallow. Without git: name another checkout to divide by, the " +
      "same on both sides, by bench --suite gate --against DIR",
  );
}

/** A name of what the program is made of: the beginning of a hash over all files, in the order of their paths. */
async function fingerprint(path: string): Promise<string> {
  const hash = createHash("sha256");
  for (const part of SCRIPT_PARTS) {
    for (const file of (await filesIn(join(path, part))).sort()) {
      hash.update(`${file.slice(path.length)}\n`).update(await Deno.readFile(file));
    }
  }
  return hash.digest("hex").slice(0, 8);
}

async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    files.push(...isDirectory ? await filesIn(path) : [path]);
  }
  return files;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
