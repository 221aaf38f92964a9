/**
 * The Worker of bench/interrupt.ts: sets the word it is sent once SIGINT has come.
 *
 * @module
 */

let isSet = false;
let word: Int32Array | undefined;

Deno.addSignalListener("SIGINT", () => {
  isSet = true;
  tell();
});

self.addEventListener("message", (event) => {
  word = (event as MessageEvent<Int32Array>).data;
  tell();
});

function tell(): void {
  if (isSet && word !== undefined) Atomics.store(word, 0, 1);
}

(self as unknown as Worker).postMessage("ready");
