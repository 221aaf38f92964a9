/**
 * That a memory pipe really waits through the model: its contract tests fail if a wake-up does not reach `ep_poll_callback`. They
 * run in a process of their own, in which an import map puts a broken copy in the place of one file.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { DEAF, OF_CALLBACK } from "./mutants/of_callback.ts";
import { mutate } from "./mutants/mutant.ts";

const ROOT = new URL("../../", import.meta.url);
const CONTRACT = fileURLToPath(new URL("test/unit/contract_memory_test.ts", ROOT));
const MUTANT = OF_CALLBACK.find(({ name }) => name === DEAF)!;
const FILE = new URL(`src/eventpoll/${MUTANT.file}`, ROOT);

/** Runs the contract's tests of one waiter with other text in place of the file. */
async function contract(waiter: string, text: string): Promise<{ code: number; output: string }> {
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-mutant-" });
  try {
    const copy = text.replace(/ from "(\.[^"]+)"/g, (_, target) => ` from "${new URL(target, FILE)}"`);
    await Deno.writeTextFile(`${folder}/copy.ts`, copy);
    const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    const own = { "@eventpipe/eventpipe": String(new URL("mod.ts", ROOT)), [String(FILE)]: "./copy.ts" };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ imports: { ...imports, ...own } }));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["test", "--no-check", "--no-lock", "--no-prompt", "--config", `${folder}/deno.json`],
        ...["--filter", `memory, ${waiter}:`, CONTRACT],
      ],
      env: { NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a memory pipe whose wake-ups do not reach ep_poll_callback fails its contract", async () => {
  const source = await Deno.readTextFile(FILE);
  const whole = await contract("model", source);
  assertEquals(whole.code, 0, whole.output);
  const deaf = await contract("model", mutate(source, MUTANT));
  assertEquals(deaf.code, 1, deaf.output);
  for (const test of ["each ring wakes by itself", "a wake-up ends a wait without end"]) {
    assertStringIncludes(deaf.output, `memory, model: ${test} ... FAILED`);
  }
});

Deno.test("a memory pipe with another waiter does not care for the model", async () => {
  const { code, output } = await contract("spin", mutate(await Deno.readTextFile(FILE), MUTANT));
  assertEquals(code, 0, output);
  assert(/ok \| [1-9]\d* passed/.test(output), output);
});
