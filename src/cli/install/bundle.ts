/**
 * Makes the tracer one file, with `deno bundle`. Deno spends some 0.2 ms on each module at every start, and the tracer has
 * about a hundred of them; the one file also runs where there is no checkout.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, with a slash at its end. */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Stands in what `deno bundle` says when it could not fetch its bundler. */
const NO_BUNDLER = /Failed loading \S*esbuild/;

/** `deno bundle` made no bundle. */
export class BundleError extends Error {
  /** Always `BundleError`. */
  override readonly name = "BundleError";

  /**
   * Makes an error.
   *
   * @param source The module that was to be bundled.
   * @param status How `deno bundle` ended.
   * @param log What it said.
   */
  constructor(source: string, status: number, log: string) {
    const advice = NO_BUNDLER.test(log)
      ? "; deno bundle fetches esbuild from the npm registry when it is first used, so it needs the network once"
      : "";
    super(
      `Cannot bundle ${source}: deno bundle ended with status ${status}${advice}. It said:\n${log.trim()}`,
    );
  }
}

/**
 * Bundles a module with everything it imports.
 *
 * @param source The path of the module, by default the tracer's command.
 * @returns The text of the bundle.
 * @throws {BundleError} If the module does not resolve, or the bundler cannot be fetched.
 */
export async function bundle(source: string = join(ROOT, "src/cli/trace.ts")): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-bundle-" });
  try {
    const output = join(folder, "bundle.js");
    const { success, code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--config", join(ROOT, "deno.json"), "--platform", "deno", "--output", output, source],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new BundleError(source, code, new TextDecoder().decode(stderr));
    return await Deno.readTextFile(output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
