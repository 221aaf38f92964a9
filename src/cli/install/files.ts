/**
 * The files of the installed tracer: where they lie under a prefix, how they come there and go away again. The bundle lies
 * as deep as its sources do, so that the relative URL of the BPF program holds in it.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EventPipeError } from "../../errors.ts";
import { launcherText, rememberedFolders } from "./launcher.ts";

/** The name of the installed command. */
export const COMMAND_NAME = "eventpipe-trace";

/** The project's folder, with a slash at its end. */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The folder under the prefix that nobody else uses. */
const OWN = "lib/eventpipe";
const BUNDLE = "src/cli/trace.js";
/** What is installed as it is, by its path in the project and in the own folder. */
const COPIES = ["bpf/tracepoint.bpf.o", "LICENSE"];
/** Folders of the own folder, the innermost first. */
const OWN_FOLDERS = ["src/cli", "src", "bpf", ""];

const MAY_RUN = 0o755;
const MAY_READ = 0o644;

/**
 * The path of the command.
 *
 * @param prefix The folder that is installed into.
 * @returns The path.
 */
export function commandPath(prefix: string): string {
  return join(prefix, "bin", COMMAND_NAME);
}

/**
 * Puts the files in their places, over those of an earlier installation. The command comes last, and what a failing
 * installation has made goes away again.
 *
 * @param prefix The folder to install into, an absolute path; it is made if it is missing.
 * @param bundle The text of the bundled tracer.
 * @throws {EventPipeError} If the prefix cannot be written, or there is another program of the command's name.
 */
export async function putFiles(prefix: string, bundle: string): Promise<void> {
  const remembered = launcherFolders("install", prefix);
  const own = join(prefix, OWN);
  const made = [dirname(own), dirname(commandPath(prefix))].flatMap(missingFolders);
  const folders = [...new Set([...remembered ?? [], ...made])];
  try {
    for (const folder of OWN_FOLDERS) await Deno.mkdir(join(own, folder), { recursive: true });
    await Deno.mkdir(dirname(commandPath(prefix)), { recursive: true });
    await replace(join(own, BUNDLE), new TextEncoder().encode(bundle), MAY_READ);
    for (const path of COPIES) {
      await replace(join(own, path), await Deno.readFile(join(ROOT, path)), MAY_READ);
    }
    const launcher = launcherText({
      command: COMMAND_NAME,
      deno: Deno.execPath(),
      bundle: join(own, BUNDLE),
      folders,
    });
    await replace(commandPath(prefix), new TextEncoder().encode(launcher), MAY_RUN);
  } catch (error) {
    if (remembered === null) removeQuietly(prefix, folders);
    throw refusal("install into", prefix, error);
  }
}

/**
 * Removes the files and the folders that the installation made, unless something else lies in them by now.
 *
 * @param prefix The folder that was installed into, an absolute path.
 * @returns Whether anything was there to be removed.
 * @throws {EventPipeError} If they cannot be removed, or the program of the command's name is another one.
 */
export function removeFiles(prefix: string): boolean {
  const folders = launcherFolders("uninstall", prefix);
  try {
    return removeAll(prefix, folders ?? []);
  } catch (error) {
    throw refusal("uninstall from", prefix, error);
  }
}

/** What the launcher remembers; null if there is none. Another program of its name is not touched. */
function launcherFolders(verb: string, prefix: string): readonly string[] | null {
  const path = commandPath(prefix);
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw refusal(verb, path, error);
  }
  const folders = rememberedFolders(text);
  // Root must not follow what another user wrote into a launcher of his to folders elsewhere.
  const places = [path, join(prefix, OWN)];
  if (folders !== null) {
    return folders.filter((folder) => places.some((each) => each.startsWith(`${folder}/`)));
  }
  throw new EventPipeError(
    `Cannot ${verb} ${COMMAND_NAME}: ${path} is another program, name another folder with --prefix`,
    "NOT_SUPPORTED",
  );
}

/** The folders from one up to the first that exists. */
function missingFolders(path: string): string[] {
  const missing: string[] = [];
  for (let folder = path; !exists(folder); folder = dirname(folder)) missing.push(folder);
  return missing;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    // What cannot be looked at is for the writing to complain about.
    return !isAbsent(error);
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** Writes a file beside its place and moves it there, so that whoever runs the old one never sees half of the new one. */
async function replace(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const beside = `${path}.${Deno.pid}`;
  try {
    await Deno.writeFile(beside, bytes);
    await Deno.chmod(beside, mode);
    await Deno.rename(beside, path);
  } catch (error) {
    removeIfThere(beside);
    throw error;
  }
}

function removeQuietly(prefix: string, folders: readonly string[]): void {
  try {
    removeAll(prefix, folders);
  } catch {
    // What stopped the installation is what the caller hears of.
  }
}

function removeAll(prefix: string, folders: readonly string[]): boolean {
  const own = join(prefix, OWN);
  // The command goes last: as long as it is there, a removal that failed can be repeated.
  const files = [...[BUNDLE, ...COPIES].map((path) => join(own, path)), commandPath(prefix)];
  const removed = files.filter(removeIfThere);
  for (const folder of OWN_FOLDERS) removeIfEmpty(join(own, folder));
  for (const folder of folders.toSorted((a, b) => b.length - a.length)) removeIfEmpty(folder);
  return removed.length > 0;
}

function removeIfThere(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    if ([...Deno.readDirSync(folder)].length === 0) Deno.removeSync(folder);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** What the system said, with advice. */
function refusal(verb: string, path: string, error: unknown): EventPipeError {
  const { message, code } = error as Error & { code?: string };
  const isRefused = error instanceof Deno.errors.PermissionDenied || code === "EROFS";
  const advice = isRefused
    ? ", run it as a user who may write there or name another folder with --prefix"
    : "";
  return new EventPipeError(
    `Cannot ${verb} ${path}: ${message}${advice}`,
    isRefused ? "NOT_PERMITTED" : "SYSCALL",
    error,
  );
}
