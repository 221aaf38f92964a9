/** What a process holds of the kernel. Tests compare it before and after; it binds no library. */

/** The kernel objects this process holds: what its descriptors point at, and its mappings of perf rings. */
export function openResources(): string[] {
  const files: string[] = [];
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      const target = Deno.readLinkSync(`/proc/self/fd/${name}`);
      // Deno closes the file of a child process some time after the child has ended.
      if (target === "anon_inode:[pidfd]") continue;
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
