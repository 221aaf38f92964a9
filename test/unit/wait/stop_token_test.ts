/** Tests of the stop token and of those who listen to it, in one isolate and without files. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { StopListener } from "../../../src/wait/stop_listener.ts";
import { StopToken } from "../../../src/wait/stop_token.ts";
import { duplicateEventFd, type SharedStopToken } from "../../../src/wait/stop_word.ts";

/** A token as a program without permissions makes it. */
function tokenWithoutFile(): StopToken {
  return StopToken.of({ flag: new SharedArrayBuffer(4), fd: null });
}

Deno.test("a token made from what another shares is stopped with it, whichever of them is told", () => {
  for (const told of [0, 1]) {
    const first = tokenWithoutFile();
    const tokens = [first, StopToken.of(first.share())];
    assertEquals(tokens.map(({ isStopped }) => isStopped), [false, false]);
    tokens[told]!.stop();
    tokens[told]!.stop();
    assertEquals(tokens.map(({ isStopped }) => isStopped), [true, true]);
  }
});

Deno.test("what a token shares arrives through postMessage with the same memory", async () => {
  const token = tokenWithoutFile();
  const { port1, port2 } = new MessageChannel();
  const arrived = new Promise<SharedStopToken>((resolve) => {
    port2.onmessage = ({ data }) => resolve(data);
  });
  port1.postMessage(token.share());
  const copy = StopToken.of(await arrived);
  port1.close();
  port2.close();
  token.stop();
  assert(copy.isStopped);
});

Deno.test("closing a token that was made from another's stops nobody", () => {
  const token = tokenWithoutFile();
  {
    using copy = StopToken.of(token.share());
    copy.close();
  }
  assertEquals(token.isStopped, false);
});

Deno.test("an interruption does not stop, also after very many", () => {
  const token = tokenWithoutFile();
  const word = new Int32Array(token.share().flag);
  for (const before of [0, 2 ** 31 - 4, -4]) {
    word[0] = before;
    const listener = new StopListener(token);
    token.interrupt();
    assertEquals([token.isStopped, listener.take(), listener.take()], [false, true, false]);
  }
});

Deno.test("a listener hears what came since it was made and since it took, each listener for itself", () => {
  const token = tokenWithoutFile();
  token.interrupt();
  const listeners = [new StopListener(token), new StopListener(token)] as const;
  assertEquals(listeners.map((each) => each.isRaised), [false, false]);
  token.interrupt();
  token.interrupt();
  assertEquals(listeners.map((each) => each.isRaised), [true, true]);
  assertEquals([listeners[0].take(), listeners[0].take(), listeners[1].isRaised], [true, false, true]);
  token.stop();
  for (const each of listeners) assertEquals([each.take(), each.take(), each.isRaised], [true, true, true]);
});

Deno.test("every listener tells an interruption exactly once, in any order of calls", () => {
  const call = fc.oneof(fc.constant("interrupt" as const), fc.constant("stop" as const), fc.nat(2));
  fc.assert(
    fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
      const token = tokenWithoutFile();
      const listeners = [0, 1, 2].map(() => new StopListener(token));
      const raised = [false, false, false];
      for (const each of calls) {
        if (typeof each === "number") {
          const expected = raised[each]! || token.isStopped;
          assertEquals([listeners[each]!.isRaised, listeners[each]!.take()], [expected, expected]);
          raised[each] = false;
        } else {
          token[each]();
          raised.fill(true);
        }
      }
    }),
    { seed: 20 },
  );
});

Deno.test("StopToken.of refuses what share did not give", () => {
  const flag = new SharedArrayBuffer(4);
  const wrong = [
    undefined,
    null,
    {},
    tokenWithoutFile(),
    { flag: new ArrayBuffer(4), fd: null },
    { flag: new SharedArrayBuffer(2), fd: null },
    { flag },
    ...[-1, 1.5, 2 ** 32 + 3, "3", NaN].map((fd) => ({ flag, fd })),
  ];
  for (const each of wrong) {
    assertThrows(
      () => StopToken.of(each as SharedStopToken),
      TypeError,
      "Cannot make a stop token: give what share()",
    );
  }
});

Deno.test("a token without a file cannot be used for kernel rings, and the error says why", () => {
  assertThrows(() => duplicateEventFd(tokenWithoutFile().share()), TypeError, "make it with --allow-ffi");
});
