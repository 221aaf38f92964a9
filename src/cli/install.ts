/**
 * `deno task install`: the tracer as a command of its own, `eventpipe-trace`, that starts sooner than the task and needs
 * no checkout.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import { EventPipeError } from "../errors.ts";
import { runCommand, UsageError } from "./args.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "./exit.ts";
import { bundle, BundleError } from "./install/bundle.ts";
import { COMMAND_NAME, commandPath, putFiles, removeFiles } from "./install/files.ts";

const COMMAND = {
  name: "install",
  summary: `Install the tracer as the command ${COMMAND_NAME}: PREFIX/bin/${COMMAND_NAME} and ` +
    "PREFIX/lib/eventpipe. It starts sooner than the task and needs no checkout.",
  options: {
    prefix: { type: "string", value: "DIR", help: "the folder to install into; ~/.local unless given" },
    uninstall: { type: "boolean", help: "remove what was installed there" },
  },
  examples: ["install", "install --prefix /usr/local", "install --uninstall"],
} as const;

/**
 * Bundles the tracer and installs it, over an earlier installation.
 *
 * @param prefix The folder to install into, an absolute path; it is made if it is missing.
 * @returns The path of the command.
 * @throws {BundleError} If the tracer cannot be bundled.
 * @throws {EventPipeError} If the prefix cannot be written, or there is another program of the command's name.
 */
export async function install(prefix: string): Promise<string> {
  await putFiles(prefix, await bundle());
  return commandPath(prefix);
}

async function main(prefix: string, uninstall: boolean): Promise<number> {
  try {
    if (uninstall) return remove(prefix);
    const command = await install(prefix);
    console.log(`Installed: ${command}`);
    const folder = dirname(command);
    if (!isInPath(folder)) {
      console.error(`${folder} is not in PATH; to have it there: export PATH="${folder}:$PATH"`);
    }
    return EXIT_OK;
  } catch (error) {
    if (!(error instanceof BundleError || error instanceof EventPipeError)) throw error;
    console.error(error.message);
    const isRefused = error instanceof EventPipeError && error.code === "NOT_PERMITTED";
    return isRefused ? EXIT_UNSUPPORTED : EXIT_FAILED;
  }
}

function remove(prefix: string): number {
  if (removeFiles(prefix)) {
    console.log(`Removed: ${commandPath(prefix)}`);
    return EXIT_OK;
  }
  console.error(`Nothing is installed in ${prefix}; name the folder it was installed into with --prefix`);
  return EXIT_FAILED;
}

function defaultPrefix(): string {
  const home = Deno.env.get("HOME");
  if (home === undefined || home === "") {
    throw new UsageError("Cannot tell where to install: HOME is not set, name the folder with --prefix");
  }
  return join(home, ".local");
}

function isInPath(folder: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((each) => each !== "" && resolve(each) === folder);
}

if (import.meta.main) {
  Deno.exitCode = await runCommand(
    COMMAND,
    Deno.args,
    ({ options: { prefix, uninstall } }) => main(resolve(prefix ?? defaultPrefix()), uninstall),
  );
}
