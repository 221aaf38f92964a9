/**
 * How long threads of this process waited for their CPUs: what a busy machine did to a measurement. Read from procfs; where
 * it does not tell, nobody does.
 *
 * @module
 */

/**
 * How long a thread was ready to run and did not: the second number of its schedstat
 * (Documentation/scheduler/sched-stats.rst), which kernels without CONFIG_SCHED_INFO do not have.
 *
 * @param thread Its folder in /proc.
 * @returns Nanoseconds since it started; null where that is not told.
 */
export function runDelayNs(thread: string): number | null {
  const delay = read(`${thread}/schedstat`)?.split(" ")[1];
  return delay === undefined ? null : Number(delay);
}

/**
 * The other thread of this process that is pinned to a CPU. A Worker cannot say which thread it is, but the bench's producer
 * is the only one there that may run on its CPU alone.
 *
 * @param cpu The CPU.
 * @returns Its folder in /proc; null if there is none, or several.
 */
export function pinnedThread(cpu: number): string | null {
  const isPinned = (thread: string): boolean =>
    read(`${thread}/status`)?.includes(`\nCpus_allowed_list:\t${cpu}\n`) === true;
  const threads = [...Deno.readDirSync("/proc/self/task")].map(({ name }) => `/proc/self/task/${name}`);
  const [first, ...more] = threads.filter(isPinned);
  return first !== undefined && more.length === 0 ? first : null;
}

/** Threads end while they are looked at: then there is nothing to read. */
function read(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}
