/**
 * Tests that call libc or libbpf. Where these are not there the tests are skipped and say why; with
 * EVENTPIPE_REQUIRE_KERNEL=1 they fail instead. All functions are bound here, outside of any test's sanitizer.
 */

import { fileURLToPath } from "node:url";
import { libbpf } from "../../../src/ffi/libbpf.ts";
import { libc } from "../../../src/ffi/libc.ts";

const OBSTACLES = { libc: obstacleTo(libc), libbpf: obstacleTo(libbpf) } as const;

const isRequired = Deno.env.get("EVENTPIPE_REQUIRE_KERNEL") === "1";

function obstacleTo(open: () => object): string | null {
  try {
    Object.values(open());
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Declares a test that calls native code.
 *
 * @param library What it calls.
 * @param name What must hold, as a sentence.
 * @param body The test.
 */
export function nativeTest(
  library: keyof typeof OBSTACLES,
  name: string,
  body: () => void | Promise<void>,
): void {
  const obstacle = OBSTACLES[library];
  Deno.test({
    name: obstacle === null ? name : `${name} (not here: ${obstacle})`,
    ignore: obstacle !== null && !isRequired,
    async fn(): Promise<void> {
      if (obstacle !== null) throw new Error(`${library} is required but: ${obstacle}`);
      await body();
    },
  });
}

/**
 * Runs a program of this folder in a process of its own.
 *
 * @param name The file's name.
 * @param flags Deno's permission flags.
 * @param options Arguments of the program, and the folder it runs in.
 * @returns The JSON document it printed.
 */
export async function runProgram(
  name: string,
  flags: readonly string[],
  { args = [], cwd }: { readonly args?: readonly string[]; readonly cwd?: string } = {},
): Promise<unknown> {
  const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));
  const program = fileURLToPath(new URL(name, import.meta.url));
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--config", config, ...flags, program, ...args],
    stdin: "null",
    ...(cwd === undefined ? {} : { cwd }),
  });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${name} failed:\n${text.decode(stderr)}`);
  return JSON.parse(text.decode(stdout));
}
