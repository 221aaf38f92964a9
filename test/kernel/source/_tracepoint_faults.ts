/**
 * Run by tracepoints_test.ts: opens a source of tracepoints again and again, with another one of its native calls failing
 * each time, and prints a line of JSON for each: the call, the error, and what was left open.
 */

import { EventPipe, TracepointSource } from "../../../mod.ts";
import { errnoNumber } from "../../../src/abi/errno.ts";
import { MAP_FAILED } from "../../../src/abi/linux.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { type Replacement, replaceNative, setErrno } from "../_replace.ts";
import { openResources } from "../_resources.ts";

const FAILURES: Readonly<Record<string, unknown>> = {
  mmap: Deno.UnsafePointer.create(MAP_FAILED),
  perf_event_open: -1n,
  ioctl: -1,
  epoll_create1: -1,
  epoll_ctl: -1,
  eventfd: -1,
};

const SET_OUTPUT = 0x2405n;
let calls = 0;
let failing = Infinity;
let failed: string | null = null;

const replacement = (name: string): Replacement => (call, parameters) => {
  // Starting and stopping an event that is open cannot fail.
  if (name === "ioctl" && parameters[1] !== SET_OUTPUT && Number(parameters[1]) !== Number(SET_OUTPUT)) {
    return call();
  }
  if (calls++ !== failing) return call();
  failed = name;
  setErrno(errnoNumber("EMFILE"));
  return FAILURES[name];
};
replaceNative(Object.fromEntries(Object.keys(FAILURES).map((name) => [name, replacement(name)])));
libc();
const ids = Deno.args.map(Number);
const before = openResources();
for (let call = 0;; call++) {
  [calls, failing, failed] = [0, call, null];
  let error: Error | null = null;
  try {
    const source = TracepointSource.open({ ids, ringBytes: 4096, watermarkBytes: 1024 });
    EventPipe.open({ source, dispatchBy: "all" }).close();
  } catch (thrown) {
    error = thrown as Error;
  }
  failing = Infinity;
  const cause = error?.cause as { code?: string } | undefined;
  const leaked = openResources().length - before.length;
  console.log(
    JSON.stringify({ failed, message: error?.message ?? null, errno: cause?.code ?? null, leaked }),
  );
  if (failed === null) break;
}
