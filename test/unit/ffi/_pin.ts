/** Pins its thread to each CPU it may use, one after the other, and prints where it could run before and then. */

import { allowedCpus, pinThread } from "../../../src/ffi/affinity.ts";

const before = allowedCpus();
const then = before.map((cpu) => {
  pinThread(cpu);
  return allowedCpus();
});
console.log(JSON.stringify({ before, then }));
