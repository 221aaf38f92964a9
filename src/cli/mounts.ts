/**
 * The two kernel file systems that not every machine has mounted: tracefs names the tracepoints, bpffs keeps
 * pinned BPF objects. Commands that need one ask here; root gets it mounted, everybody else is told how.
 *
 * @module
 */

/** A kernel file system. */
export type MountKind = "tracefs" | "bpffs";

/** Each file system's name in the kernel and its usual place. */
const MOUNTS: Record<MountKind, { type: string; target: string }> = {
  tracefs: { type: "tracefs", target: "/sys/kernel/tracing" },
  bpffs: { type: "bpf", target: "/sys/fs/bpf" },
};

/** What mounting asks of the machine; the tests of this file give another one. */
export interface MountHost {
  /** Whether this process may mount. */
  readonly isRoot: boolean;
  /** The text of `/proc/mounts`, empty where there is none. */
  mounts(): string;
  /** Mounts and returns null, or what mount(8) complained about. */
  mount(type: string, target: string): string | null;
  /** Writes one line for the user. */
  say(line: string): void;
}

/**
 * Mounts what is not mounted, or says how. Never throws: what works without goes on without.
 *
 * @param kinds The file systems that are needed.
 * @param host The machine.
 * @returns Whether all of them are mounted now.
 */
export function ensureMounts(kinds: readonly MountKind[], host: MountHost = thisHost()): boolean {
  let complete = true;
  for (const kind of kinds) {
    if (findMount(kind, host.mounts()) !== null) continue;
    const { type, target } = MOUNTS[kind];
    if (host.isRoot) {
      const complaint = host.mount(type, target);
      if (complaint === null) {
        host.say(`eventpipe: mounted ${kind} at ${target}`);
        continue;
      }
      host.say(
        `eventpipe: cannot mount ${kind} at ${target}: ${complaint}; mount it outside of this container`,
      );
    } else {
      host.say(`eventpipe: ${kind} is not mounted; as root run: mount -t ${type} ${type} ${target}`);
    }
    complete = false;
  }
  return complete;
}

/**
 * Finds a mounted file system.
 *
 * @param kind The file system.
 * @param mounts The text of `/proc/mounts`.
 * @returns Its first mount point, which need not be the usual one, or null if it is not mounted.
 */
export function findMount(kind: MountKind, mounts: string = readMounts()): string | null {
  for (const line of mounts.split("\n")) {
    const [, target, type] = line.split(" ");
    if (target !== undefined && type === MOUNTS[kind].type) return unescapeOctal(target);
  }
  return null;
}

/** The kernel writes white space and backslashes in mount points as three octal digits. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

function thisHost(): MountHost {
  return {
    isRoot: Deno.uid() === 0,
    mounts: readMounts,
    mount: runMount,
    say: (line) => console.error(line),
  };
}

function readMounts(): string {
  try {
    return Deno.readTextFileSync("/proc/mounts");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function runMount(type: string, target: string): string | null {
  const command = new Deno.Command("mount", { args: ["-t", type, type, target], stdin: "null" });
  try {
    const { success, stderr } = command.outputSync();
    if (success) return null;
    // mount(8) says "mount: TARGET: REASON." and adds a second line of general advice.
    const [reason = ""] = new TextDecoder().decode(stderr).split("\n");
    return reason.replace(/^mount: \S+: /, "").replace(/\.$/, "");
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
