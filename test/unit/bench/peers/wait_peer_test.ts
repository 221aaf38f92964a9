/** A waiting peer and its emitter from the harness's side, played by small programs. */

import { assertEquals, assertRejects } from "@std/assert";
import { Emitter, WaitPeer } from "../../../../bench/peers/wait_peer.ts";

const EMISSION = { events: 4, burst: 2, intervalNs: 1000, wakeBytes: 0 };

/** A program that answers each line with a line of shell. */
function shell(first: string, answer: string): string[] {
  return ["/bin/sh", "-c", `echo '${first}'; while read word a b c d e; do echo "${answer}"; done`];
}

function emitter(refused: number): Promise<Emitter> {
  return Emitter.start(
    shell('{"ready":true}', `{\\"late\\":$a,\\"refused\\":${refused},\\"runNs\\":$b,\\"wholeNs\\":$d}`),
  );
}

async function blockOf(refused: number, events: number): Promise<unknown> {
  await using emits = await emitter(refused);
  await using peer = await WaitPeer.start({
    name: "shell",
    argv: shell(
      '{"program":7}',
      `{\\"events\\":${events},\\"check\\":$a,\\"ns\\":1,\\"cpuNs\\":$b,\\"wakeups\\":null,\\"samples\\":[]}`,
    ),
    emitter: emits,
    emission: EMISSION,
    samples: 3,
  });
  return await peer.block(1);
}

Deno.test("a waiting peer and its emitter are asked together, and their answers are one block", async () => {
  // The peer tells what it was asked for, the emitter whose program it was to run.
  assertEquals(await blockOf(0, 4), {
    events: 4,
    check: 4,
    ns: 1,
    cpuNs: 3,
    wakeups: null,
    samples: [],
    late: 7,
    refused: 0,
    runNs: 4,
    wholeNs: 1000,
  });
  assertEquals(await blockOf(1, 3), {
    events: 3,
    check: 4,
    ns: 1,
    cpuNs: 3,
    wakeups: null,
    samples: [],
    late: 7,
    refused: 1,
    runNs: 4,
    wholeNs: 1000,
  });
});

Deno.test("events that neither came nor were refused fail the block", async () => {
  await assertRejects(
    () => blockOf(0, 3),
    Error,
    "The peer shell did not wait for events: 3 came and 0 were refused of 4",
  );
});

Deno.test("a waiting peer or an emitter that cannot start says why", async () => {
  const argv = ["/bin/sh", "-c", 'echo \'{"error":"Cannot open x: y"}\'; cat'];
  await assertRejects(() => Emitter.start(argv), Error, "The peer emit did not start: Cannot open x: y");
  await using emits = await emitter(0);
  const options = { name: "shell", emitter: emits, emission: EMISSION, samples: 0 };
  await assertRejects(
    () => WaitPeer.start({ ...options, argv }),
    Error,
    "The peer shell did not start: Cannot open x: y",
  );
  await assertRejects(
    () => WaitPeer.start({ ...options, argv: shell('{"ready":true}', "") }),
    Error,
    'did not start: {"ready":true}',
  );
});
