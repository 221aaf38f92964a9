/** What a process holds of the kernel. Tests compare it before and after; it binds no library. */

/** The kernel objects this process holds: what its descriptors point at, and its mappings of perf rings. */
export function openResources(): string[] {
  const files: string[] = [];
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      const target = Deno.readLinkSync(`/proc/self/fd/${name}`);
      if (/anon_inode|bpf|perf|\/sys\/|\/proc\/sys/.test(target)) files.push(target);
    } catch {
      // the descriptor that listed the folder
    }
  }
  const rings = Deno.readTextFileSync("/proc/self/maps").split("\n").filter((line) =>
    line.includes("perf_event")
  );
  return [...files.sort(), ...rings.map((line) => line.split(" ").at(-1)!)];
}
