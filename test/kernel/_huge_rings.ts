/** Run by faults_test.ts without CAP_IPC_LOCK: opens rings of 64 MiB, more than may be locked, and prints the outcome. */

import { EventPipeError, PerfSource } from "../../mod.ts";
import { openResources } from "./_resources.ts";

PerfSource.open({ ringBytes: 4096, cpus: [0] }).close(); // binds the libraries, and shows that small rings are permitted
const before = openResources();
let error: Error | undefined;
try {
  PerfSource.open({ ringBytes: 64 * 1024 * 1024 }).close();
} catch (thrown) {
  error = thrown as Error;
}
console.log(JSON.stringify({
  message: error?.message,
  code: error instanceof EventPipeError ? error.code : null,
  leaked: openResources().length - before.length,
}));
