/**
 * Compiles BPF programs so that the same source gives the same bytes in every checkout: `deno task build`
 * makes the committed bpf/*.bpf.o and, by build_wasm.ts, the WASM scanners; the tests make their own programs, and
 * one test compares the committed objects with a rebuild. Nobody else needs a compiler.
 *
 * @module
 */

import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "./args.ts";
import { compileWasm, WASM_MODULE, WasmCompileError } from "./build_wasm.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "./exit.ts";
import { findExecutable } from "./packages.ts";

/** The tools a compilation needs. */
export type BuildTool = "clang" | "bpftool";

/** The major versions that made the committed objects; others may make other bytes of the same source. */
export const BUILT_WITH: Readonly<Record<BuildTool, number>> = { clang: 14, bpftool: 7 };

/** The project's folder, with a slash at its end. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The folder of the committed programs and of the wire format's header. */
const BPF = join(ROOT, "bpf");

/** Where Debian keeps the headers asm/*.h, which clang does not look for when it compiles for BPF. */
const ASM_HEADERS = `/usr/include/${Deno.build.arch}-linux-gnu`;

/** A tool that is not installed here. */
export class MissingToolError extends Error {
  override readonly name = "MissingToolError";
  /** The tool. */
  readonly tool: BuildTool;

  /** @param tool The tool. */
  constructor(tool: BuildTool) {
    super(`Cannot compile BPF programs: there is no ${tool} here; install it with: deno task setup test`);
    this.tool = tool;
  }
}

/** A program that does not compile. */
export class CompileError extends Error {
  override readonly name = "CompileError";
  /** What the tool said. */
  readonly log: string;

  /**
   * @param source The path of the program.
   * @param tool The tool that refused it.
   * @param log What the tool said.
   */
  constructor(source: string, tool: BuildTool, log: string) {
    super(`Cannot compile ${source}: ${tool} said:\n${log.trimEnd()}`);
    this.log = log;
  }
}

/**
 * Compiles one BPF program. The object keeps its BTF (types, line numbers, maps) and loses the rest of the
 * debug information, which is most of its size and names the folders of the machine.
 *
 * @param source The path of the `*.bpf.c` file.
 * @param output The path of the `*.bpf.o` file, written only if all went well; its folder is made.
 */
export async function compileBpf(source: string, output: string): Promise<void> {
  const clang = requireTool("clang");
  const bpftool = requireTool("bpftool");
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-build-" });
  try {
    const whole = join(folder, "whole.o");
    const stripped = join(folder, "stripped.o");
    const base = baseFolder(source);
    const name = relative(base, resolve(source));
    const compiled = await run(base, clang, [
      ...["-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Werror"],
      ...[`-ffile-prefix-map=${ROOT}=`, "-fdebug-compilation-dir=."],
      ...["-I", relative(base, BPF), "-isystem", ASM_HEADERS],
      ...["-c", name, "-o", whole],
    ]);
    if (!compiled.success) throw new CompileError(name, "clang", compiled.output);
    const linked = await run(base, bpftool, ["gen", "object", stripped, whole]);
    if (!linked.success) throw new CompileError(name, "bpftool", linked.output);
    await Deno.mkdir(dirname(resolve(output)), { recursive: true });
    await Deno.writeFile(output, await Deno.readFile(stripped));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Compiles every `*.bpf.c` file of a folder.
 *
 * @param folder The folder of the sources.
 * @param outputFolder The folder of the objects.
 * @returns The paths of the objects, sorted.
 */
export async function compileFolder(folder: string, outputFolder: string): Promise<string[]> {
  const sources = bpfSources(folder);
  const outputs = sources.map((source) => join(outputFolder, basename(source).replace(/c$/, "o")));
  await Promise.all(sources.map((source, i) => compileBpf(source, outputs[i]!)));
  return outputs;
}

/**
 * Lists the BPF programs of a folder.
 *
 * @param folder The folder of the sources, by default that of the committed programs.
 * @returns The paths of its `*.bpf.c` files, sorted; none if there is no such folder.
 */
export function bpfSources(folder: string = BPF): string[] {
  try {
    const names = [...Deno.readDirSync(folder)].map((entry) => entry.name);
    return names.filter((name) => name.endsWith(".bpf.c")).sort().map((name) => join(folder, name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * Asks clang for its version.
 *
 * @returns The version, such as `14.0.6`, or null if there is no clang.
 */
export function clangVersion(): string | null {
  return toolVersion("clang");
}

/**
 * Asks a build tool for its version.
 *
 * @param tool The tool.
 * @returns The version, such as `14.0.6`, or null if it is not installed.
 */
export function toolVersion(tool: BuildTool): string | null {
  const path = findExecutable(tool);
  if (path === null) return null;
  const { stdout } = new Deno.Command(path, { args: ["--version"], stdin: "null" }).outputSync();
  return /\bv?(\d+\.\d+\.\d+)/.exec(new TextDecoder().decode(stdout))?.[1] ?? null;
}

/**
 * Compares the tools here with those that made the committed objects.
 *
 * @returns What is missing or different, such as `clang 16.0.6 in place of 14`, or null if a rebuild gives
 * the same bytes.
 */
export function otherToolchain(): string | null {
  for (const tool of ["clang", "bpftool"] as const) {
    const version = toolVersion(tool);
    if (version === null) return `no ${tool}`;
    if (parseInt(version) !== BUILT_WITH[tool]) return `${tool} ${version} in place of ${BUILT_WITH[tool]}`;
  }
  return null;
}

function requireTool(tool: BuildTool): string {
  const path = findExecutable(tool);
  if (path === null) throw new MissingToolError(tool);
  return path;
}

/**
 * The folder an object names its source relative to: the project's, or the source's own if it lies elsewhere.
 */
function baseFolder(source: string): string {
  const path = resolve(source);
  return path.startsWith(ROOT) ? ROOT : dirname(path);
}

/** Runs a tool with an environment that cannot change what it makes. */
async function run(
  cwd: string,
  path: string,
  args: string[],
): Promise<{ success: boolean; output: string }> {
  const command = new Deno.Command(path, {
    args,
    cwd,
    clearEnv: true,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C" },
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { success, output: text.decode(stdout) + text.decode(stderr) };
}

const COMMAND = {
  name: "build",
  summary:
    `Compile the WASM scanners to src/ring/wasm/module.ts and the BPF programs in bpf/ to bpf/*.bpf.o. Needs ` +
    `clang ${BUILT_WITH.clang} and bpftool ${BUILT_WITH.bpftool} to make the bytes that are committed; other ` +
    "versions make objects that work, and a warning.",
  options: {},
} as const;

async function main(): Promise<number> {
  try {
    await Deno.writeTextFile(WASM_MODULE, await compileWasm());
    for (const output of [WASM_MODULE, ...await compileFolder(BPF, BPF)]) {
      const { size } = await Deno.stat(output);
      console.log(`${relative(ROOT, output)} ${size} bytes`);
    }
  } catch (error) {
    if (error instanceof MissingToolError) {
      console.error(error.message);
      return EXIT_UNSUPPORTED;
    }
    if (!(error instanceof CompileError || error instanceof WasmCompileError)) throw error;
    console.error(error.message);
    return EXIT_FAILED;
  }
  const other = otherToolchain();
  if (other !== null) console.error(`The committed objects are made with other tools: ${other}`);
  return EXIT_OK;
}

if (import.meta.main) Deno.exitCode = await runCommand(COMMAND, Deno.args, main);
