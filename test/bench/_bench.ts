/**
 * Runs the benchmark command in a child process, in this checkout or in a copy of it.
 */

import { fileURLToPath } from "node:url";
import { parseResults, type Results } from "../../src/report/schema.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What a run left behind. */
export interface BenchRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The results file, if one was written. */
  readonly results: Results | null;
  /** The report, if one was written. */
  readonly report: string | null;
}

/** How a run differs from the plain one. */
export interface BenchRunOptions {
  /** The checkout to run in; this one unless given. */
  readonly root?: string;
  /** A command put in front, such as one that drops capabilities. */
  readonly prefix?: readonly string[];
}

/** Runs `bench/main.ts` with the given arguments, its output into a folder that is deleted again. */
export async function runBench(args: readonly string[], options: BenchRunOptions = {}): Promise<BenchRun> {
  const { root = ROOT, prefix = [] } = options;
  const out = await Deno.makeTempDir({ prefix: "eventpipe-bench-" });
  try {
    const [command = "", ...rest] = [
      ...prefix,
      Deno.execPath(),
      "run",
      "-A",
      "bench/main.ts",
      ...args,
      "--out",
      out,
    ];
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args: rest,
      cwd: root,
      env: { EVENTPIPE_INSTALL: "never", NO_COLOR: "1" },
    }).output();
    const json = await readIfThere(`${out}/results.json`);
    return {
      code,
      stdout: new TextDecoder().decode(stdout),
      stderr: new TextDecoder().decode(stderr),
      results: json === null ? null : parseResults(JSON.parse(json)),
      report: await readIfThere(`${out}/report.md`),
    };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
