/** What the gate divides by: a named checkout, and a commit of a repository that is made up. */

import { assert, assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { extractCommit, openReference } from "../../../../bench/suites/gate_reference.ts";
import { UsageError } from "../../../../src/cli/args.ts";
import { findExecutable } from "../../../../src/cli/packages.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const SCRIPT = "bench/peers/eventpipe.ts";
const HAS_GIT = findExecutable("git") !== null;

async function git(cwd: string, ...args: string[]): Promise<string> {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
  const { success, stdout, stderr } = await new Deno.Command("git", { args: [...identity, ...args], cwd })
    .output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
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
    await assertRejects(() => openReference(path), UsageError, `there is no ${SCRIPT} in ${path}`);
  }));

Deno.test({
  name: "a commit is taken as it was, once",
  ignore: !HAS_GIT,
  fn: () =>
    inFolder(async (path) => {
      await git(path, "init", "--quiet");
      await makeCheckout(path, "as it was");
      await git(path, "add", ".");
      await git(path, "commit", "--quiet", "--message", "one");
      const revision = await git(path, "rev-parse", "HEAD");
      await Deno.writeTextFile(`${path}/${SCRIPT}`, "as it is");
      const taken = await extractCommit(path, revision);
      assertEquals(await Deno.readTextFile(`${taken}/${SCRIPT}`), "as it was");
      assertEquals(await Deno.readTextFile(`${taken}/deno.json`), "deno.json");
      await Deno.writeTextFile(`${taken}/deno.json`, "kept");
      assertEquals(await extractCommit(path, revision), taken);
      assertEquals(await Deno.readTextFile(`${taken}/deno.json`), "kept");
    }),
});

Deno.test({
  name: "a history without the commit is refused, and nothing is left behind",
  ignore: !HAS_GIT,
  fn: () =>
    inFolder(async (path) => {
      await git(path, "init", "--quiet");
      const error = await assertRejects(() => extractCommit(path, "0123456789abcdef"), UsageError);
      assertStringIncludes(error.message, "git fetch --unshallow");
      assertStringIncludes(error.message, "--against DIR");
      assertEquals(await Array.fromAsync(Deno.readDir(`${path}/build/gate`)), []);
    }),
});

Deno.test("this checkout can be divided by", async () => {
  assertEquals((await openReference(ROOT)).path + "/", ROOT);
});
