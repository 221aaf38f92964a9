/**
 * Run by faults_test.ts: opens rings where perf_event_open finds one CPU offline, and prints what became of it as a line
 * of JSON. No CPU of this machine is taken away from anybody.
 */

import { EventPipeError, PerfSource } from "../../mod.ts";
import { errnoNumber } from "../../src/abi/errno.ts";
import { replaceNative, setErrno } from "./_replace.ts";
import { openResources } from "./_resources.ts";

const offline = Number(Deno.args[0]);

replaceNative({
  // long syscall(long number, attr, pid, cpu, group_fd, flags)
  perf_event_open(call, [, , , cpu]): unknown {
    if (cpu !== offline) return call();
    setErrno(errnoNumber("ENODEV"));
    return -1n;
  },
});

PerfSource.open().close(); // binds the libraries
const before = openResources();
const source = PerfSource.open();
const { cpus } = source;
source.close();
let error: Error | undefined;
try {
  PerfSource.open({ cpus: [offline] });
} catch (thrown) {
  error = thrown as Error;
}
console.log(JSON.stringify({
  cpus,
  message: error?.message,
  code: error instanceof EventPipeError ? error.code : null,
  leaked: openResources().length - before.length,
}));
