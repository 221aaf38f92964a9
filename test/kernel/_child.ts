/** Runs a script of this folder in a process of its own: for what changes or endangers the whole process. */

import { fileURLToPath } from "node:url";

/** How a child ended. */
export interface ChildOutcome {
  /** Its exit status. */
  readonly code: number;
  /** The lines it printed. */
  readonly lines: readonly string[];
  /** What it complained about. */
  readonly stderr: string;
}

/**
 * Runs a script to its end.
 *
 * @param script Its name in this folder.
 * @param args Its arguments.
 * @param wrapper A command that runs Deno in other circumstances, such as `prlimit --nofile=30`.
 */
export async function runChild(
  script: string,
  args: readonly string[] = [],
  wrapper: readonly string[] = [],
): Promise<ChildOutcome> {
  const [command, ...rest] = [...wrapper, Deno.execPath(), "run", "-A", scriptPath(script), ...args];
  const { code, stdout, stderr } = await new Deno.Command(command!, { args: rest, stdin: "null" }).output();
  const text = new TextDecoder();
  const lines = text.decode(stdout).split("\n").filter((line) => line !== "");
  return { code, lines, stderr: text.decode(stderr) };
}

/**
 * Where a script of this folder is.
 *
 * @param script Its name.
 */
export function scriptPath(script: string): string {
  return fileURLToPath(new URL(script, import.meta.url));
}
