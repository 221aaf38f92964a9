/** What the gate divides by: a named checkout, and a commit of a repository that is made up. */

import { assert, assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { extractCommit, openReference, REVISION } from "../../../../bench/suites/gate_reference.ts";
import { UsageError } from "../../../../src/cli/args.ts";
import { findExecutable } from "../../../../src/cli/packages.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const SCRIPT = "bench/peers/eventpipe.ts";
const NO_GIT = findExecutable("git") === null ? "there is no git" : null;

async function git(cwd: string, ...args: string[]): Promise<string> {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
  const { code, stdout, stderr } = await new Deno.Command("git", { args: [...identity, ...args], cwd })
    .output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

/** A test that is skipped, with the reason in its name, where there is an obstacle. */
function gitTest(name: string, fn: () => Promise<void>, obstacle: string | null = NO_GIT): void {
  Deno.test({
    name: obstacle === null ? name : `${name} (not here: ${obstacle})`,
    ignore: obstacle !== null,
    fn,
  });
}

/** A folder with the parts of a checkout, whose program is the given text. */
async function makeCheckout(path: string, program: string): Promise<void> {
  for (const folder of ["bench/peers", "src", "bpf", "types"]) {
    await Deno.mkdir(`${path}/${folder}`, { recursive: true });
  }
  for (const file of ["deno.json", "deno.lock", "mod.ts", "src/a.ts", "bpf/a.c", "types/a.d.ts"]) {
    await Deno.writeTextFile(`${path}/${file}`, file);
  }
  await Deno.writeTextFile(`${path}/${SCRIPT}`, program);
}

async function inFolder(use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    await use(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

Deno.test("a named checkout has a name that tells what is in it", () =>
  inFolder(async (path) => {
    await makeCheckout(`${path}/one`, "1");
    await makeCheckout(`${path}/same`, "1");
    await makeCheckout(`${path}/other`, "2");
    const [one, same, other] = [
      await openReference(`${path}/one`),
      await openReference(`${path}/same`),
      await openReference(`${path}/other`),
    ];
    assert(/^reference [0-9a-f]{8}$/.test(one.name), one.name);
    assertEquals(same.name, one.name);
    assertNotEquals(other.name, one.name);
    assertEquals(one.script, `${path}/one/${SCRIPT}`);
    await Deno.writeTextFile(`${path}/one/src/b.ts`, "more");
    assertNotEquals((await openReference(`${path}/one`)).name, one.name);
  }));

Deno.test("a folder that is no checkout is refused", () =>
  inFolder(async (path) => {
    await assertRejects(() => openReference(path), UsageError, `Cannot divide by ${path}: it is no checkout`);
  }));

gitTest("a commit is taken as it was, once", () =>
  inFolder(async (path) => {
    await git(path, "init", "--quiet");
    await makeCheckout(path, "as it was");
    await git(path, "add", ".");
    await git(path, "commit", "--quiet", "--message", "one");
    const revision = await git(path, "rev-parse", "HEAD");
    await Deno.writeTextFile(`${path}/${SCRIPT}`, "as it is");
    const [taken, also] = await Promise.all([extractCommit(path, revision), extractCommit(path, revision)]);
    assertEquals(also, taken);
    assertEquals((await Array.fromAsync(Deno.readDir(`${path}/build/gate`))).length, 1);
    // Whoever measures next may be another user.
    assertEquals(
      (await Deno.stat(taken)).mode! & 0o777,
      (await Deno.stat(`${path}/build/gate`)).mode! & 0o777,
    );
    assertEquals(await Deno.readTextFile(`${taken}/${SCRIPT}`), "as it was");
    assertEquals(await Deno.readTextFile(`${taken}/deno.json`), "deno.json");
    await Deno.writeTextFile(`${taken}/deno.json`, "kept");
    assertEquals(await extractCommit(path, revision), taken);
    assertEquals(await Deno.readTextFile(`${taken}/deno.json`), "kept");
  }));

gitTest(
  "a history without the commit is refused, and nothing is left behind",
  () =>
    inFolder(async (path) => {
      await git(path, "init", "--quiet");
      const error = await assertRejects(() => extractCommit(path, "0123456789abcdef"), UsageError);
      assertStringIncludes(error.message, "git fetch --unshallow");
      assertStringIncludes(error.message, "--against DIR");
      assertEquals(await Array.fromAsync(Deno.readDir(`${path}/build/gate`)), []);
    }),
);

const NO_HISTORY = NO_GIT ??
  await git(ROOT, "cat-file", "-e", REVISION).then(() => null, () => "the history ends behind it");

gitTest("the commit that the gate divides by is one of this checkout's", async () => {
  await git(ROOT, "merge-base", "--is-ancestor", REVISION, "HEAD");
}, NO_HISTORY);

Deno.test("this checkout can be divided by", async () => {
  assertEquals((await openReference(ROOT)).path + "/", ROOT);
});
