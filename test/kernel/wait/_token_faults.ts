/** Run by stop_token_test.ts: prints what comes of a stop token while the process has no file descriptor left. */

import { errnoNumber } from "../../../src/abi/errno.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { StopToken } from "../../../src/wait/stop_token.ts";
import { type Replacement, replaceNative, setErrno } from "../_replace.ts";
import { openResources } from "../_resources.ts";

let isFull = false;

const refuse: Replacement = (call) => {
  if (!isFull) return call();
  setErrno(errnoNumber("EMFILE"));
  return -1;
};
replaceNative({ eventfd: refuse, fcntl: refuse });

function complain(action: () => void): void {
  try {
    action();
  } catch (error) {
    console.log((error as Error).message);
  }
}

libc();
const before = openResources().length;
const [first, second] = [StopToken.create(), StopToken.create()];
isFull = true;
complain(() => StopToken.create());
complain(() => first.stop());
console.log(`the maker stopped: ${first.isStopped}`);
complain(() => StopToken.of(second.share()).stop());
console.log(`the other stopped: ${second.isStopped}`);
first.close();
second.close();
console.log(`leaked: ${openResources().length - before}`);
