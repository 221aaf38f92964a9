/** The library in a program that was given no permission at all. */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

Deno.test("mod.ts and a memory pipe need no permission, and run keeps the program alive", async () => {
  const child = fileURLToPath(new URL("./_memory_pipe.ts", import.meta.url));
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", `--config=${config}`, child],
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), {
    seen: [1, 2, 3, 99],
    polled: 0,
    ran: 99,
    dispatched: 4,
    unknown: 0,
    lost: 0,
    left: 1,
    exact: true,
  });
});
