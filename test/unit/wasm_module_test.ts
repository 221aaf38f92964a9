/**
 * Holds the promise that lets users do without a compiler: src/ring/wasm/module.ts is what the AssemblyScript beside it says.
 * The compiler is a pinned package, so the bytes depend on nothing else.
 */

import { assertEquals, assertRejects } from "@std/assert";
import { compileWasm, WASM_MODULE, WasmCompileError, wasmSourceHash } from "../../src/cli/build_wasm.ts";
import { SOURCE_SHA256 } from "../../src/ring/wasm/module.ts";

Deno.test("the WASM module is not older than its sources", async () => {
  assertEquals(SOURCE_SHA256, await wasmSourceHash(), "run: deno task build");
});

Deno.test("the WASM module has the bytes of a rebuild from its sources", async () => {
  assertEquals(await Deno.readTextFile(WASM_MODULE), await compileWasm(), "run: deno task build");
});

Deno.test("sources that do not compile are told with what the compiler said", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/scanners.ts`,
      "export function open(ring: usize): u32 { return nothing; }\n",
    );
    const error = await assertRejects(() => compileWasm(folder), WasmCompileError, "Cannot compile");
    assertEquals(error.message.includes("Cannot find name 'nothing'"), true, error.message);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
