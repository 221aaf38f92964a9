/** `deno task record` and `deno task replay` as a user runs them, in processes of their own. */

import { fileURLToPath } from "node:url";

/** How a command ended. */
export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const text = new TextDecoder();

/**
 * The arguments of Deno that run a command.
 *
 * @param name The name of its file in src/cli, without `.ts`.
 */
export function commandArgs(name: "record" | "replay"): string[] {
  return ["run", "-A", fileURLToPath(new URL(`../../../src/cli/${name}.ts`, import.meta.url))];
}

/** Runs a command to its end. */
export async function runCli(name: "record" | "replay", ...args: readonly string[]): Promise<CommandOutcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...commandArgs(name), ...args],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Calls `test` with a new folder, which is gone afterwards. */
export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-record-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
