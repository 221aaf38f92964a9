/**
 * Compiles the WASM scanners: the AssemblyScript of src/ring/wasm/ becomes src/ring/wasm/module.ts, the module's bytes as
 * text, so that importing the library reads no file. `deno task build` makes it, and one test compares it with a rebuild.
 *
 * The compiler is a large package that nothing else uses, so it runs as a program of its own, asc.ts: who imports this file
 * does not load it.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The folder of the sources and of what is made of them. */
const WASM = join(ROOT, "src/ring/wasm");

/** What is made. */
const MODULE = "module.ts";

/** Where the compiler begins. */
const ENTRY = "scanners.ts";

/** The path of the module's text. */
export const WASM_MODULE: string = join(WASM, MODULE);

/** AssemblyScript that does not compile. */
export class WasmCompileError extends Error {
  override readonly name = "WasmCompileError";

  /** @param log What the compiler said. */
  constructor(log: string) {
    super(`Cannot compile the WASM scanners: asc said:\n${log.trimEnd()}`);
  }
}

/**
 * Compiles the module.
 *
 * @param sources The folder of the sources, by default that of the scanners.
 * @returns The text of src/ring/wasm/module.ts.
 * @throws {WasmCompileError} If the sources are wrong, or the compiler cannot be had.
 */
export async function compileWasm(sources: string = WASM): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-build-" });
  try {
    const output = join(folder, "module.wasm");
    const command = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", "--config", join(ROOT, "deno.json")],
        ...[fileURLToPath(new URL("asc.ts", import.meta.url)), ENTRY, "--outFile", output],
        ...["-O3", "--noAssert", "--runtime", "stub", "--noExportMemory"],
        // Fits any memory: its limits must lie within these.
        ...["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
        ...["--enable", "threads"],
      ],
      cwd: sources,
      env: { NO_COLOR: "1" },
      stdin: "null",
    });
    const { success, stdout, stderr } = await command.output();
    const text = new TextDecoder();
    if (!success) throw new WasmCompileError(text.decode(stdout) + text.decode(stderr));
    return moduleText(await Deno.readFile(output), await wasmSourceHash(sources));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Hashes the sources, so that a module that is older than they are can be told without a compiler.
 *
 * @param sources Their folder, by default that of the scanners.
 * @returns The SHA-256 of all sources in the order of their names, in hexadecimal.
 */
export async function wasmSourceHash(sources: string = WASM): Promise<string> {
  const files = await Array.fromAsync(Deno.readDir(sources), ({ name }) => name);
  const names = files.filter((name) => name !== MODULE).sort();
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(join(sources, name))));
  const whole = names.map((name, i) => `${name}\n${texts[i]}\n`).join("");
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(whole));
  return new Uint8Array(hash).toHex();
}

function moduleText(module: Uint8Array, hash: string): string {
  return `/**
 * The WASM scanners, compiled from the AssemblyScript in this folder. Made by \`deno task build\`; do not edit.
 *
 * @module
 */

/** The SHA-256 of the sources. */
export const SOURCE_SHA256 = "${hash}";

/** The module, ${module.length} bytes. */
export const MODULE_BASE64 =
  "${module.toBase64()}";
`;
}
