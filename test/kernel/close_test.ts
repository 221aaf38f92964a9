/**
 * Closing a pipe while a program is emitting: the accounts are exact all the same.
 */

import { assertEquals, assertGreater } from "@std/assert";
import { fileURLToPath } from "node:url";
import { kernelTest } from "./_kernel.ts";

kernelTest("EventPipe close under fire loses no event from the accounts", async () => {
  const script = fileURLToPath(new URL("./_close_under_fire.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", script] })
    .output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const rounds = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  let refusedInAll = 0;
  for (const { produced, refused, statistics } of rounds) {
    const { dispatched, unknown, lost, left } = statistics;
    assertGreater(dispatched, 0);
    const refusedAfterClose = refused.ENOENT ?? 0;
    assertEquals(produced, dispatched + unknown + lost + left + refusedAfterClose);
    refusedInAll += refusedAfterClose;
  }
  assertGreater(refusedInAll, 0, "the producer had stopped before each close");
});
