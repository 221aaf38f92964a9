/**
 * Runs the command that advises in a child process.
 */

import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** What a run left behind. */
export interface TuneRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `bench/tune.ts`.
 *
 * @param args Its arguments.
 * @param prefix A command put in front, such as one that drops capabilities.
 * @returns What it left behind.
 */
export async function runTune(args: readonly string[], prefix: readonly string[] = []): Promise<TuneRun> {
  const [program, ...rest] = [...prefix, Deno.execPath(), "run", "-A", "bench/tune.ts", ...args];
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args: rest,
    cwd: ROOT,
    env: { EVENTPIPE_INSTALL: "never", NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}
