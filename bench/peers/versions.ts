/**
 * The versions of what peers are built from: a comparison with a library is one with a version of it.
 *
 * @module
 */

import { findExecutable } from "../../src/cli/packages.ts";

/** What prints a version, and where it stands in what is printed. */
const COMMANDS = {
  gcc: { argv: ["gcc", "-dumpfullversion"], version: /^(\S+)/ },
  go: { argv: ["go", "version"], version: /go version go(\S+)/ },
  "cilium/ebpf": {
    argv: ["dpkg-query", "--showformat=${Version}", "--show", "golang-github-cilium-ebpf-dev"],
    version: /^([^-\s]+)/,
  },
} as const;

/**
 * Asks for versions.
 *
 * @returns The versions by name; null for what is not installed.
 */
export function peerVersions(): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(COMMANDS).map(([name, { argv: [program, ...args], version }]) => {
      const path = findExecutable(program);
      if (path === null) return [name, null];
      const { stdout } = new Deno.Command(path, { args, stdin: "null", stderr: "null" }).outputSync();
      return [name, version.exec(new TextDecoder().decode(stdout))?.[1] ?? null];
    }),
  );
}
