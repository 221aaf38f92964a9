/** A peer's process from the harness's side, played by small programs: whatever it does, the harness is told. */

import { assertEquals, assertRejects } from "@std/assert";
import { Peer } from "../../../../bench/peers/peer.ts";

const READY = "echo '{\"ready\":true}'";

/** A peer that is a line of shell. */
function shell(script: string, timeoutMs = 20_000): Promise<Peer> {
  return Peer.start({ name: "shell", argv: ["/bin/sh", "-c", script], fills: 3, timeoutMs });
}

Deno.test("a peer gets a line for each block, and its answers are read one by one", async () => {
  await using peer = await shell(
    `${READY}; while read word seed fills; do echo "{\\"events\\":$seed,\\"check\\":$fills,\\"ns\\":1,\\"wholeNs\\":2}"; done`,
  );
  for (const seed of [7, 4_294_967_295]) {
    assertEquals(await peer.block(seed), { events: seed, check: 3, ns: 1, wholeNs: 2 });
  }
});

Deno.test("a peer that says why it cannot start is believed", async () => {
  await assertRejects(
    () => shell('echo \'{"error":"Cannot open x: y"}\'; cat'),
    Error,
    "The peer shell did not start: Cannot open x: y",
  );
});

Deno.test("a peer that ends is told with what it complained about", async () => {
  await assertRejects(
    () => shell("echo no such ring >&2; exit 3"),
    Error,
    "The peer shell did not start: it ended; it said: no such ring",
  );
});

Deno.test("a peer that ends between blocks fails the next one", async () => {
  await using peer = await shell(READY);
  await assertRejects(() => peer.block(1), Error, "The peer shell did not do a block: it ended");
});

Deno.test("a peer that is silent for too long is killed", async () => {
  await assertRejects(
    () => shell("exec sleep 1000", 50),
    Error,
    "The peer shell did not start: it was silent for 50 ms",
  );
});

Deno.test("a peer that answers another question is refused", async () => {
  await assertRejects(
    () => shell('echo \'{"events":1,"check":1,"ns":1,"wholeNs":1}\'; cat'),
    Error,
    "did not start",
  );
  await assertRejects(() => shell("echo hello; cat"), TypeError, "current value is hello");
  await using peer = await shell(`${READY}; ${READY}; cat`);
  await assertRejects(() => peer.block(1), Error, 'did not do a block: {"ready":true}');
});

Deno.test("closing a peer that does not end kills it", async () => {
  const peer = await shell(`${READY}; exec sleep 1000`, 50);
  await peer.close();
  await peer.close();
});

Deno.test("a program that is not there cannot be started", async () => {
  await assertRejects(
    () => Peer.start({ name: "none", argv: ["/nonexistent/peer"], fills: 1 }),
    Deno.errors.NotFound,
  );
});
