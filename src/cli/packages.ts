/**
 * What the bench and the tests need of the machine, and the Debian packages that bring it. Everything is
 * looked for where it is used (the library is loaded, files are looked up), so a machine that has it all pays
 * a few system calls and sees no word of this file; only what is missing is installed, by root, with apt-get.
 *
 * @module
 */

import { EventPipeError } from "../errors.ts";
import { LIBBPF } from "../ffi/libbpf.ts";
import { lookIntoLibrary } from "../ffi/library.ts";

/** Who needs the packages: `bench` measures, `peers` measures beside other programs, which it compiles, `test` tests. */
export type SetupPurpose = "bench" | "peers" | "test";

/**
 * How the set-up ended: everything is there, something is missing and may not be installed here, or the
 * installation was tried and failed.
 */
export type SetupOutcome = "complete" | "refused" | "failed";

/** One thing the bench or the tests use. */
export interface Requirement {
  /** What is looked for, for systems that do not know the packages. */
  readonly thing: string;
  /** The Debian packages that bring it. */
  readonly packages: readonly string[];
  /** What it is used for, as the end of "needed to ...". */
  readonly use: string;
  /** Who uses it. */
  readonly usedBy: readonly SetupPurpose[];
  /** Looks for it; starts no process. */
  isPresent(): boolean;
}

/** What the set-up asks of the machine; the tests of this file give another one. */
export interface SetupHost {
  /** Other systems have no BPF, so nothing to install. */
  readonly isLinux: boolean;
  /** Whether this process may install. */
  readonly isRoot: boolean;
  /** False if `EVENTPIPE_INSTALL=never` is set. */
  readonly mayInstall: boolean;
  /** Whether there is an apt-get. */
  readonly hasApt: boolean;
  /** Whether apt-get knows any package, so that `apt-get update` can be left out. */
  hasPackageLists(): boolean;
  /** Runs apt-get and waits for its end. */
  aptGet(args: readonly string[]): { success: boolean; output: string };
  /** Writes one line for the user. */
  say(line: string): void;
}

/** Everything that is installed, in the order of the messages. */
export const REQUIREMENTS: readonly Requirement[] = [
  {
    thing: LIBBPF,
    packages: ["libbpf1"],
    use: "load BPF programs",
    usedBy: ["bench", "peers", "test"],
    isPresent: canLoadLibbpf,
  },
  {
    thing: "clang",
    packages: ["clang"],
    use: "compile BPF programs",
    usedBy: ["peers", "test"],
    isPresent: () => findExecutable("clang") !== null,
  },
  {
    thing: "the headers bpf/bpf_helpers.h and linux/bpf.h",
    packages: ["libbpf-dev", "linux-libc-dev"],
    use: "compile BPF programs",
    usedBy: ["peers", "test"],
    isPresent: () => isFile("/usr/include/bpf/bpf_helpers.h") && isFile("/usr/include/linux/bpf.h"),
  },
  {
    thing: "gcc with the C library's headers",
    packages: ["gcc", "libc6-dev"],
    use: "compile the C programs eventpipe is compared with",
    usedBy: ["peers", "test"],
    isPresent: () => findExecutable("gcc") !== null && isFile("/usr/include/stdio.h"),
  },
  {
    thing: "bpftool",
    packages: ["bpftool"],
    use: "strip debug information from BPF objects",
    usedBy: ["peers", "test"],
    isPresent: () => findExecutable("bpftool") !== null,
  },
  {
    thing: "go with cilium/ebpf",
    packages: ["golang-go", "golang-github-cilium-ebpf-dev"],
    use: "compile the Go program eventpipe is compared with",
    usedBy: ["peers"],
    isPresent: () => findExecutable("go") !== null && hasGoLibrary(),
  },
  {
    thing: "perf",
    packages: ["linux-perf"],
    use: "compare the tracer with it",
    usedBy: ["test"],
    isPresent: () => findExecutable("perf") !== null,
  },
];

/** The options of every installation: no question, no extras, and patience with another apt-get. */
const INSTALL = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];

/**
 * Installs what is missing, or says what to do about it. Never throws: what works without goes on without.
 *
 * @param purpose Who needs the packages.
 * @param host The machine.
 * @param requirements What is looked for.
 * @returns How it ended; `complete` at once and without a word if nothing is missing.
 */
export function ensurePackages(
  purpose: SetupPurpose,
  host: SetupHost = thisHost(),
  requirements: readonly Requirement[] = REQUIREMENTS,
): SetupOutcome {
  if (!host.isLinux) return "refused";
  const missing = requirements.filter((each) => each.usedBy.includes(purpose) && !each.isPresent());
  if (missing.length === 0) return "complete";
  const packages = missing.flatMap((each) => each.packages);
  const obstacle = obstacleTo(host);
  if (obstacle !== null) {
    const things = missing.map((each) => `${each.thing} (needed to ${each.use})`).join(", ");
    const advice = host.hasApt
      ? `as root run: apt-get update && apt-get install -y --no-install-recommends ${packages.join(" ")}`
      : "install with this system's package manager";
    host.say(`eventpipe: missing ${things}; ${obstacle}; ${advice}`);
    return "refused";
  }
  for (const each of missing) {
    host.say(`eventpipe: installing ${each.packages.join(" and ")} (needed to ${each.use})`);
  }
  const failure = install(packages, host);
  const left = missing.filter((each) => !each.isPresent());
  if (left.length === 0) return "complete";
  const names = left.map((each) => each.thing).join(", ");
  host.say(
    failure === null
      ? `eventpipe: apt-get ended well, but ${names} is still missing; going on without`
      : `eventpipe: apt-get could not bring ${names}; going on without. It said:\n${failure.trim()}`,
  );
  return "failed";
}

/** Why nothing can be installed here, or null if it can. */
function obstacleTo(host: SetupHost): string | null {
  if (!host.hasApt) return "there is no apt-get here";
  if (!host.mayInstall) return "EVENTPIPE_INSTALL=never forbids installing";
  if (!host.isRoot) return "only root can install packages";
  return null;
}

/**
 * Installs packages, with fresh package lists if there are none or they are outdated; returns apt-get's
 * complaint.
 */
function install(packages: readonly string[], host: SetupHost): string | null {
  if (host.hasPackageLists() && host.aptGet([...INSTALL, ...packages]).success) return null;
  const update = host.aptGet(["update"]);
  const { success, output } = host.aptGet([...INSTALL, ...packages]);
  if (success) return null;
  // A server that cannot be reached is a warning of the update and the reason of everything that follows.
  const warnings = update.output.split("\n").filter((line) => /^[EW]:/.test(line));
  return [...warnings, output].join("\n");
}

/** The machine this process runs on. */
function thisHost(): SetupHost {
  return {
    isLinux: Deno.build.os === "linux",
    isRoot: Deno.uid() === 0,
    mayInstall: Deno.env.get("EVENTPIPE_INSTALL") !== "never",
    hasApt: findExecutable("apt-get") !== null,
    hasPackageLists: () => hasPackageLists("/var/lib/apt/lists"),
    aptGet: runAptGet,
    say: (line) => console.error(line),
  };
}

function runAptGet(args: readonly string[]): { success: boolean; output: string } {
  const command = new Deno.Command(findExecutable("apt-get") ?? "apt-get", {
    args: [...args],
    env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    stdin: "null",
  });
  const { success, stdout, stderr } = command.outputSync();
  const text = new TextDecoder();
  return { success, output: text.decode(stdout) + text.decode(stderr) };
}

/** Container images come without the lists of packages; what else lies in the folder does not count. */
function hasPackageLists(folder: string): boolean {
  try {
    return [...Deno.readDirSync(folder)].some((entry) => entry.name.includes("_Packages"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Any other complaint than a missing library is for the caller of libbpf to make. */
function canLoadLibbpf(): boolean {
  try {
    lookIntoLibrary(LIBBPF, {}, "", () => {});
    return true;
  } catch (error) {
    return !(error instanceof EventPipeError && error.code === "LIBRARY");
  }
}

/**
 * Finds a program in `PATH` and in the folders of administration programs, which the `PATH` of most users
 * leaves out: bpftool is installed there.
 *
 * @param name The program's file name.
 * @returns Its path, or null.
 */
export function findExecutable(name: string): string | null {
  const path = Deno.env.get("PATH") ?? "";
  for (const folder of [...path.split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"]) {
    if (folder.startsWith("/") && isFile(`${folder}/${name}`)) return `${folder}/${name}`;
  }
  return null;
}

/**
 * Looks for cilium/ebpf where Debian puts the sources of Go libraries.
 *
 * @returns Whether it is there.
 */
export function hasGoLibrary(): boolean {
  return isFile("/usr/share/gocode/src/github.com/cilium/ebpf/perf/reader.go");
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
