/**
 * The AssemblyScript compiler as a program, which build_wasm.ts runs: arguments and exit status are those of `asc`. It is a
 * file of its own so that nothing else loads the compiler.
 *
 * @module
 */

import { main } from "assemblyscript/asc";
import { EXIT_FAILED } from "./exit.ts";

if (import.meta.main) {
  const { error, stderr } = await main(Deno.args);
  console.error(stderr.toString().trimEnd());
  if (error !== null) Deno.exitCode = EXIT_FAILED;
}
