/**
 * The text of the installed command: a script of the shell that becomes Deno. It also remembers what the removal has to
 * know, so that nothing but the command itself is needed for it.
 *
 * @module
 */

/** The second line of every launcher, by which one is told from another program of the same name. */
const MARK = "# Made by `deno task install` of eventpipe; `deno task install --uninstall` removes it.";

/** In front of the folders, which stand behind it as JSON. */
const FOLDERS = "# Folders made for it: ";

/** What a launcher starts and remembers. */
export interface Launch {
  /** The name of the command. */
  readonly command: string;
  /** The path of the Deno that installs; another one in PATH takes over when it is gone. */
  readonly deno: string;
  /** The path of the bundle. */
  readonly bundle: string;
  /** Folders beside the command's own that were made for it. */
  readonly folders: readonly string[];
}

/**
 * Writes a launcher.
 *
 * @param launch What it starts and remembers.
 * @returns The text of the script.
 */
export function launcherText({ command, deno, bundle, folders }: Launch): string {
  // A configuration of the folder it is called in, or of one above the bundle, has no say. Status 3: not supported here.
  return `#!/bin/sh
${MARK}
${FOLDERS}${JSON.stringify(folders)}
deno=${quoted(deno)}
[ -x "$deno" ] || deno=$(command -v deno) || {
  echo "${command}: there is no Deno in PATH, and none where it was at the installation; install it" >&2
  exit 3
}
exec "$deno" run -A --no-config ${quoted(bundle)} "$@"
`;
}

/**
 * Reads what a launcher remembers.
 *
 * @param text The text of a file.
 * @returns The folders made for it, or null if the file is no launcher.
 */
export function rememberedFolders(text: string): readonly string[] | null {
  const [, mark, line = ""] = text.split("\n", 3);
  if (mark !== MARK || !line.startsWith(FOLDERS)) return null;
  try {
    return JSON.parse(line.slice(FOLDERS.length)) as string[];
  } catch {
    return null;
  }
}

/** A word that the shell takes as it is. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
