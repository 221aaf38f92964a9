/**
 * Run by stop_token_test.ts: opens a waiter with a stop token again and again, with another one of its native calls failing
 * each time, and prints a line of JSON for each: the call, the error, and what was left open.
 */

import { errnoNumber } from "../../../src/abi/errno.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { openWaiter, type WaiterName } from "../../../src/wait/open.ts";
import { StopToken } from "../../../src/wait/stop_token.ts";
import { type Replacement, replaceNative, setErrno } from "../_replace.ts";
import { openResources } from "../_resources.ts";

let calls = 0;
/** The number of the call that fails, and which one that was. */
let failing = Infinity;
let failed: string | null = null;

const replacement = (name: string): Replacement => (call) => {
  if (calls++ !== failing) return call();
  failed = name;
  setErrno(errnoNumber("EMFILE"));
  return -1;
};
const names = ["fcntl", "epoll_create1", "epoll_ctl", "eventfd"];
replaceNative(Object.fromEntries(names.map((name) => [name, replacement(name)])));

libc();
using token = StopToken.create();
const before = openResources();
for (let call = 0;; call++) {
  [calls, failing, failed] = [0, call, null];
  let message: string | null = null;
  try {
    const options = { hasUnread: (): boolean => false, token };
    openWaiter(Deno.args[0] as WaiterName, { kind: "fds", fds: [] }, options).close();
  } catch (error) {
    message = (error as Error).message;
  }
  failing = Infinity;
  console.log(JSON.stringify({ failed, message, leaked: openResources().length - before.length }));
  if (failed === null) break;
}
