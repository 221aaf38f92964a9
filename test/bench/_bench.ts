/**
 * Runs the benchmark command in a child process, in this checkout or in a changed copy of it.
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

/** Copies what the benchmark needs and changes one file of it; the text to be replaced must stand there once. */
export async function changedCopy(file: string, text: string, replacement: string): Promise<string> {
  const copy = await Deno.makeTempDir({ prefix: "eventpipe-copy-" });
  for (const name of ["deno.json", "deno.lock", "mod.ts", "src", "bench", "bpf", "types"]) {
    await copyTree(`${ROOT}/${name}`, `${copy}/${name}`);
  }
  const source = await Deno.readTextFile(`${copy}/${file}`);
  const parts = source.split(text);
  if (parts.length !== 2) {
    throw new Error(`${file} has ${parts.length - 1} places to change, expected one: ${text}`);
  }
  await Deno.writeTextFile(`${copy}/${file}`, parts.join(replacement));
  return copy;
}

async function copyTree(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copyTree(`${from}/${name}`, `${to}/${name}`);
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
