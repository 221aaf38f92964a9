/**
 * Parsers for what the kernel says in /proc and /sys, each from text to value, null where the text does not say.
 * Called by environment.ts with what it could read. Relies on the formats that proc(5) describes.
 */

/** Kernel parameters that name a machine, its disks or its network rather than tune it. */
const IDENTIFYING =
  /^(BOOT_IMAGE|BOOTIF|cryptdevice|hostname|ifname|init|initrd|ip|nfsroot|nfsaddrs|netconsole|rd\.\S*|rdinit|resume|root|systemd\.(hostname|machine_id)|\S*uuid\S*)(=|$)/i;

/**
 * The parameters that tune the kernel, in their order. What follows ` -- ` goes to init and is left out, and so
 * is what names the machine, its disks or its network.
 */
export function withoutIdentity(cmdline: string): string {
  const parameters = cmdline.split(/\s+--(?:\s|$)/, 1)[0] ?? "";
  return parameters.split(/\s+/).filter((parameter) => !IDENTIFYING.test(parameter)).join(" ");
}

/**
 * Stolen and total time of all CPUs from the text of /proc/stat, in USER_HZ ticks since boot; null when the
 * text is not of that kind. The first eight numbers are the whole: guest time is part of user and nice.
 */
export function cpuTicks(stat: string): { steal: number; total: number } | null {
  const numbers = field(stat, /^cpu +([\d ]+)$/m)?.split(" ").map(Number).slice(0, 8);
  const steal = numbers?.[7]; // fs/proc/stat.c: user nice system idle iowait irq softirq steal
  if (numbers === undefined || steal === undefined) return null;
  return { steal, total: numbers.reduce((sum, ticks) => sum + ticks, 0) };
}

/** How many numbers a kernel list such as `0-3,8` holds; null when it is none. */
export function countOfList(list: string): number | null {
  let count = 0;
  for (const range of list.split(",")) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    if (first === undefined) return null;
    count += Number(last) - Number(first) + 1;
  }
  return count;
}

/** The soft limit of locked memory in bytes from the text of /proc/self/limits; null when it is not there. */
export function memlockOf(limits: string): number | "unlimited" | null {
  const soft = field(limits, /^Max locked memory +(\S+)/m);
  if (soft === null || soft === "unlimited") return soft;
  return integerOf(soft);
}

/** True or false as the CPU's flags say; null where cpuinfo has no such flags (it is an x86 thing). */
export function hypervisorOf(cpuinfo: string): boolean | null {
  const flags = field(cpuinfo, /^flags\s*:(.*)$/m);
  return flags === null ? null : flags.split(" ").includes("hypervisor");
}

/** The model name of the first CPU; null where cpuinfo names none, as on most of arm64. */
export function cpuModelOf(cpuinfo: string): string | null {
  return field(cpuinfo, /^model name\s*:\s*(.+)$/m);
}

/** How many CPUs cpuinfo describes; null when it names none. */
export function processorsOf(cpuinfo: string): number | null {
  return cpuinfo.match(/^processor\s*:/gm)?.length ?? null;
}

/** The averages over 1, 5 and 15 minutes from the text of /proc/loadavg; null when they are not there. */
export function loadOf(loadavg: string): number[] | null {
  const load = loadavg.split(" ").slice(0, 3).map(Number);
  return load.length === 3 && load.every(Number.isFinite) ? load : null;
}

/** The first group of a pattern, or null. */
export function field(text: string, pattern: RegExp): string | null {
  return pattern.exec(text)?.[1]?.trim() ?? null;
}

/** A whole number, or null when the text is something else. */
export function integerOf(text: string): number | null {
  return /^-?\d+$/.test(text) ? Number(text) : null;
}
