/**
 * Broken copies of source files: one piece of the text is replaced, the rest is the same. The fuzzer is tested on them.
 */

import { assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";

/** One thing that is broken. */
export interface Mutant {
  /** What the copy does not do any more. */
  readonly name: string;
  /** The file, in the folder of the module. */
  readonly file: string;
  /** A piece of it that stands there once. */
  readonly from: string;
  /** What stands there in the copy. */
  readonly to: string;
}

/**
 * Makes a copy of a folder of modules with one file broken, and imports one of them.
 *
 * @param folder The folder, relative to src/.
 * @param entry The module to import.
 * @param mutant What is broken.
 * @returns What the module exports.
 */
export async function importMutant(folder: string, entry: string, mutant: Mutant): Promise<unknown> {
  const source = new URL(`../../src/${folder}/`, import.meta.url);
  const copy = await Deno.makeTempDir({ prefix: "eventpipe-mutant-" });
  try {
    for await (const { name, isFile } of Deno.readDir(source)) {
      if (!isFile) continue;
      const text = await Deno.readTextFile(new URL(name, source));
      const broken = name === mutant.file ? breakText(text, mutant) : text;
      await Deno.writeTextFile(`${copy}/${name}`, withAbsoluteImports(broken, source));
    }
    return await import(pathToFileURL(`${copy}/${entry}`).href);
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

function breakText(text: string, { name, file, from, to }: Mutant): string {
  assertEquals(text.split(from).length - 1, 1, `how often ${file} holds what "${name}" replaces: ${from}`);
  return text.replace(from, () => to);
}

/** The copy shares all that lies in other folders with the original, folders in its own too. */
function withAbsoluteImports(text: string, source: URL): string {
  return text.replace(
    / from "(\.\.\/[^"]*|\.\/[^"]*\/[^"]*)"/g,
    (_, path: string) => ` from "${new URL(path, source).href}"`,
  );
}
