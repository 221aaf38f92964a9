/**
 * Copies of this checkout in which something was changed: what a check must find, to be worth anything.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** What the benchmark, its comparison and the library are made of. */
const PARTS = ["deno.json", "deno.lock", "mod.ts", "src", "bench", "bpf", "types"] as const;

/** A copy of the checkout in a temporary folder, which goes when it is disposed. */
export interface Copy extends AsyncDisposable {
  /** Where it lies. */
  readonly path: string;
}

/** A change of one file. */
export interface Change {
  /** Its path in the checkout. */
  readonly file: string;
  /** Texts that stand there once, each with what is put in its place. */
  readonly replaced: readonly (readonly [text: string, replacement: string])[];
  /** Where these texts are written down: who changes the file has to change them there too. */
  readonly by: string;
}

/**
 * Copies the checkout and changes one of its files.
 *
 * @param change The change.
 * @returns The copy.
 * @throws {Error} If a text does not stand in the file once; nothing is copied then.
 */
export async function changedCopy(change: Change): Promise<Copy> {
  const changed = changedText(await Deno.readTextFile(`${ROOT}/${change.file}`), change);
  const path = await Deno.makeTempDir({ prefix: "eventpipe-changed-" });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(path, { recursive: true }));
  for (const part of PARTS) await copyTree(`${ROOT}/${part}`, `${path}/${part}`);
  await Deno.writeTextFile(`${path}/${change.file}`, changed);
  const kept = cleanup.move();
  return { path, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/**
 * Changes the text of a file.
 *
 * @param source The text.
 * @param change The change.
 * @returns The new text.
 * @throws {Error} If a text that is to be replaced does not stand there once.
 */
export function changedText(source: string, { file, replaced, by }: Change): string {
  return replaced.reduce((before, [text, replacement]) => {
    const parts = before.split(text);
    if (parts.length === 2) return parts.join(replacement);
    throw new Error(
      `Cannot change a copy: "${text.trim()}" must stand once in ${file}, it stands there ${
        parts.length - 1
      } times; change it in ${by} too`,
    );
  }, source);
}

async function copyTree(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copyTree(`${from}/${name}`, `${to}/${name}`);
}
