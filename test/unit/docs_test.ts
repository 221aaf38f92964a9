/** The tables of docs/ that say which test holds what: each test they name exists. */

import { assert, assertEquals, assertGreater } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** A row of a table: the line it stands in, and the text of its last cell. */
interface Row {
  readonly line: number;
  readonly last: string;
}

/** The rows of all tables of a Markdown file but their heads. */
function rowsOf(markdown: string): Row[] {
  const lines = markdown.split("\n");
  return lines.flatMap((text, index): Row[] => {
    const isHead = lines[index + 1]?.startsWith("| -") === true;
    if (!text.startsWith("|") || text.startsWith("| -") || isHead) return [];
    const cells = text.split(/(?<!\\)\|/).slice(1, -1);
    return [{ line: index + 1, last: cells.at(-1)!.trim() }];
  });
}

/** The tests that a cell names, in the form `path: "name"`. */
function testsOf(cell: string): { path: string; name: string }[] {
  return [...cell.matchAll(/`([\w./-]+): "([^`]+)"`/g)].map(([, path, name]) => ({
    path: path!,
    name: name!,
  }));
}

/** What is wrong with a row; null if nothing is. The name of a test stands in its file as a literal, `${...}` included. */
async function complaint({ line, last }: Row): Promise<string | null> {
  const tests = testsOf(last);
  if (tests.length === 0) {
    const isReason = last.split(" ").length >= 3 && !/test\/|_test/.test(last);
    return isReason ? null : `line ${line} names no test and gives no reason: ${last}`;
  }
  const others = last.replaceAll(/`[\w./-]+: "[^`]+"`/g, "").replaceAll("<br>", "").trim();
  if (others !== "") return `line ${line} has more than tests: ${others}`;
  for (const { path, name } of tests) {
    const text = await Deno.readTextFile(new URL(path, ROOT)).catch(() => null);
    if (text === null) return `line ${line}: there is no ${path}`;
    const isThere = [`"${name}"`, `\`${name}\``, `'${name}'`].some((each) => text.includes(each));
    if (!isThere) return `line ${line}: ${path} has no test "${name}"`;
  }
  return null;
}

for (const name of ["safety.md", "behaviours.md"]) {
  Deno.test(`every row of the tables in ${name} names tests that exist, or gives a reason`, async () => {
    const rows = rowsOf(await Deno.readTextFile(new URL(`docs/${name}`, ROOT)));
    assertGreater(rows.length, 20);
    const complaints = await Promise.all(rows.map(complaint));
    assertEquals(complaints.filter((each) => each !== null), []);
  });
}

Deno.test("a table that names what is not there is found out", async () => {
  const table = [
    "| what | test |",
    "| ---- | ---- |",
    '| good \\| right | `test/unit/docs_test.ts: "a table that names what is not there is found out"` |',
    '| good | `test/unit/docs_test.ts: "every row of the tables in ${name} names tests that exist, or gives a reason"` |',
    "| good | Measured, not tested. |",
    '| bad | `test/unit/no_such_test.ts: "a"` |',
    '| bad | `test/unit/lifecycle_test.ts: "two pipes may poll each other"` |',
    "| bad | test/unit/docs_test.ts |",
    "| bad | LATER |",
    '| bad | `test/unit/docs_test.ts: "a table that names what is not there is found out"` and more |',
  ].join("\n");
  const found = await Promise.all(rowsOf(table).map(complaint));
  assertEquals(found.map((each) => each === null), [true, true, true, false, false, false, false, false]);
  assert(found[3]!.startsWith("line 6: there is no test/unit/no_such_test.ts"));
});
