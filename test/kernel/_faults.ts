/**
 * Run by faults_test.ts: opens a pipe over kernel rings again and again, with another one of its native calls failing
 * each time, and prints a line of JSON for each: the call, the error, and what was left open.
 */

import { EventPipe, type EventPipeOptions, PerfSource } from "../../mod.ts";
import { BPF } from "../../src/abi/bpf.ts";
import { errnoNumber } from "../../src/abi/errno.ts";
import { MAP_FAILED } from "../../src/abi/linux.ts";
import { cstring } from "../../src/ffi/cstring.ts";
import { libbpf } from "../../src/ffi/libbpf.ts";
import { libc } from "../../src/ffi/libc.ts";
import { type Replacement, replaceNative, setErrno } from "./_replace.ts";
import { openResources } from "./_resources.ts";

const EMFILE = errnoNumber("EMFILE");

/** What a failing call returns: libbpf's -errno, libc's -1. Other calls cannot fail, or only release. */
const FAILURES: Readonly<Record<string, unknown>> = {
  open: -1,
  read: -1n,
  fcntl: -1,
  mmap: Deno.UnsafePointer.create(MAP_FAILED),
  perf_event_open: -1n,
  epoll_create1: -1,
  epoll_ctl: -1,
  eventfd: -1,
  bpf_map_create: -EMFILE,
  bpf_map_update_elem: -EMFILE,
};

let calls = 0;
/** The number of the call that fails, and which one that was. */
let failing = Infinity;
let failed: string | null = null;

const replacement = (name: string): Replacement => (call) => {
  if (calls++ !== failing) return call();
  failed = name;
  setErrno(EMFILE);
  return FAILURES[name];
};
replaceNative(Object.fromEntries(Object.keys(FAILURES).map((name) => [name, replacement(name)])));

const [waiter, mapKind] = Deno.args;
libc();
const { bpf_map_create } = libbpf();
const map = mapKind === "given"
  ? {
    fd: bpf_map_create(BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY, cstring("given"), 4, 4, 64, null),
    maxEntries: 64,
  }
  : undefined;
const before = openResources();

for (let call = 0;; call++) {
  [calls, failing, failed] = [0, call, null];
  let error: Error | null = null;
  try {
    const source = PerfSource.open({ ringBytes: 4096, ...(map === undefined ? {} : { map }) });
    EventPipe.open({ source, waiter: waiter as NonNullable<EventPipeOptions["waiter"]> }).close();
  } catch (thrown) {
    error = thrown as Error;
  }
  failing = Infinity;
  const cause = error?.cause as { syscall?: string; code?: string } | undefined;
  console.log(JSON.stringify({
    failed,
    message: error?.message ?? null,
    syscall: cause?.syscall ?? null,
    errno: cause?.code ?? null,
    leaked: openResources().length - before.length,
  }));
  if (failed === null) break;
}
