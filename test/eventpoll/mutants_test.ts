/**
 * Whether what holds the model to the kernel finds wrong models. `deno task epoll mutants` looks for each by all means; here one is
 * enough, which is quick.
 */

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { libc } from "../../src/ffi/libc.ts";
import { MUTANTS } from "./mutants/all.ts";
import { failingScenario, isFound } from "./mutants/hunt.ts";
import { importMutant, type Mutant, mutate } from "./mutants/mutant.ts";

const isLinux = Deno.build.os === "linux";
// Binds all functions, outside of any test's sanitizer.
if (isLinux) Object.values(libc());
const suffix = isLinux ? "" : " (not here: it needs Linux)";

const SOURCE = new URL("../../src/eventpoll/", import.meta.url);

for (const file of new Set(MUTANTS.map((mutant) => mutant.file))) {
  Deno.test({
    name: `a mutant of ${file} is found by scenarios or random programs${suffix}`,
    ignore: !isLinux,
    async fn(): Promise<void> {
      const wrong = MUTANTS.filter((mutant) => mutant.file === file && mutant.equivalent === undefined);
      const survivors: string[] = [];
      for (const mutant of wrong) if (!await isFound(await importMutant(mutant))) survivors.push(mutant.name);
      assertEquals(survivors, []);
    },
  });
}

Deno.test("there are many mutants, each with a name of its own and a reason", () => {
  assertGreater(MUTANTS.filter(({ equivalent }) => equivalent === undefined).length, 30);
  assertEquals(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
  assert(MUTANTS.every(({ why }) => why !== ""));
});

Deno.test("each mutant replaces pieces of the source that stand there once", async () => {
  for (const mutant of MUTANTS) {
    const source = await Deno.readTextFile(new URL(mutant.file, SOURCE));
    assert(mutate(source, mutant) !== source, mutant.name);
  }
});

Deno.test("a mutant whose piece is not in the source is an error that shows the piece", () => {
  const mutant: Mutant = { name: "none", why: "none", file: "a.ts", pieces: [["const a = 1;", ""]] };
  const error = assertThrows(() => mutate("const b = 1;", mutant), Error);
  assertEquals(
    error.message,
    'Cannot make the mutant "none": a piece stands 0 times in a.ts, must once:\nconst a = 1;',
  );
});

Deno.test("a copy of the model in which nothing is broken passes the scenarios", async () => {
  const same: Mutant = { name: "same", why: "none", file: "bits.ts", pieces: [["= 4;", "= 2 + 2;"]] };
  assertEquals(await failingScenario(await importMutant(same)), null);
});
