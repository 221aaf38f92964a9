/** What a process holds of the kernel. Tests compare it before and after; it binds no library. */

import { findMount } from "../../src/cli/mounts.ts";

/**
 * The kernel objects this process holds: what its descriptors point at, its mappings of rings, and what it has pinned, which
 * is told by its process id at the end of the name.
 */
export function openResources(): string[] {
  return [...openFiles(), ...mappedRings(), ...pins()];
}

/** Maps, programs, links and perf events are files, as wait sets and eventfds are. */
function openFiles(): string[] {
  const files = new Map<string, string>();
  const runtime = new Set<string>();
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      const target = Deno.readLinkSync(`/proc/self/fd/${name}`);
      if (target === "anon_inode:[eventpoll]") {
        const watched = watchedByRuntime(Deno.readTextFileSync(`/proc/self/fdinfo/${name}`));
        for (const fd of watched.length > 0 ? [name, ...watched] : []) runtime.add(fd);
      }
      // Deno closes the file of a child process some time after the child has ended.
      if (target === "anon_inode:[pidfd]") continue;
      if (/anon_inode|bpf|perf|\/sys\/|\/proc\/sys/.test(target)) files.set(name, target);
    } catch {
      // the descriptor that listed the folder, or what another thread has closed
    }
  }
  return [...files].filter(([fd]) => !runtime.has(fd)).map(([, target]) => target).sort();
}

/**
 * What a wait set watches if it is of Deno's event loops, of which each Worker has one and gives it back some time after its
 * end: they ask for EPOLLIN | EPOLLRDHUP | EPOLLET, and the kernel adds EPOLLERR | EPOLLHUP. None of ours does.
 */
function watchedByRuntime(fdinfo: string): string[] {
  return [...fdinfo.matchAll(/^tfd:\s*(\d+) events: 80002019 /gm)].map(([, fd]) => fd!);
}

function mappedRings(): string[] {
  const lines = Deno.readTextFileSync("/proc/self/maps").split("\n");
  return lines.filter((line) => /perf_event|bpf-map/.test(line)).map((line) => line.split(" ").at(-1)!);
}

function pins(): string[] {
  try {
    const folder = findMount("bpffs");
    const files = folder === null ? [] : [...Deno.readDirSync(folder)];
    return files.map(({ name }) => `pinned ${name}`).filter((name) => name.endsWith(`_${Deno.pid}`));
  } catch {
    return []; // who may not look into it may not pin there
  }
}
