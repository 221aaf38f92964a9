/**
 * eventpipe as a peer: `eventpipe.ts RING DELIVERY` and the arguments of every peer; see protocol.ts.
 *
 * @module
 */

import { pinThread } from "../../src/ffi/affinity.ts";
import { monotonicNs } from "../../src/ffi/clock.ts";
import { PerfSource } from "../../src/source/perf.ts";
import { RingbufSource } from "../../src/source/ringbuf.ts";
import { type Delivery, openReader, type Reader } from "./eventpipe_readers.ts";
import { FillGenerator } from "./fill_generator.ts";
import { type PeerBlock, type PeerConfig, readBlockRequest, readPeerArguments } from "./protocol.ts";

/** Nobody waits for these rings; above what any of them holds. */
const NEVER_WAKE = 0x7fffffff;

function main([ring, delivery, ...args]: readonly string[]): void {
  const { object, config } = readPeerArguments(args);
  pinThread(config.consumerCpu);
  using cleanup = new DisposableStack();
  const { reader, generator } = ring === "perf"
    ? openPerf(cleanup, object, config, delivery as Delivery)
    : openRingbuf(cleanup, object, config, delivery as Delivery);
  answer({ ready: true });
  for (const line of linesOf(Deno.stdin)) {
    const { seed, fills } = readBlockRequest(line);
    answer(doBlock(reader, generator, config, seed, fills));
  }
}

interface Rig {
  readonly reader: Reader;
  readonly generator: FillGenerator;
}

function openPerf(cleanup: DisposableStack, object: string, config: PeerConfig, delivery: Delivery): Rig {
  const { ringBytes, producerCpu, handlers } = config;
  const source = PerfSource.open({ ringBytes, cpus: [producerCpu], wakeupEvents: NEVER_WAKE });
  const generator = cleanup.use(new FillGenerator(object, config, source.mapFd));
  return { reader: cleanup.use(openReader(source, delivery, handlers)), generator };
}

function openRingbuf(cleanup: DisposableStack, object: string, config: PeerConfig, delivery: Delivery): Rig {
  const generator = cleanup.use(new FillGenerator(object, config, null));
  const source = RingbufSource.open({ maps: [generator.object.map("ring")] });
  return { reader: cleanup.use(openReader(source, delivery, config.handlers)), generator };
}

function doBlock(
  reader: Reader,
  generator: FillGenerator,
  { events }: PeerConfig,
  seed: number,
  fills: number,
): PeerBlock {
  const begun = monotonicNs();
  let ns = 0;
  for (let i = 0; i < fills; i++) {
    generator.fill(seed, i * events);
    const start = monotonicNs();
    reader.consume();
    ns += monotonicNs() - start;
  }
  return { ...reader.takeSums(), ns, wholeNs: monotonicNs() - begun };
}

function answer(line: PeerBlock | { ready: true } | { error: string }): void {
  const bytes = new TextEncoder().encode(JSON.stringify(line) + "\n");
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}

/** Reads lines without an event loop in between: between blocks this thread sleeps in the kernel, as the peers in C do. */
function* linesOf(file: typeof Deno.stdin): IterableIterator<string> {
  const chunk = new Uint8Array(4096);
  const decoder = new TextDecoder();
  let text = "";
  for (let length = file.readSync(chunk); length !== null; length = file.readSync(chunk)) {
    text += decoder.decode(chunk.subarray(0, length), { stream: true });
    const lines = text.split("\n");
    text = lines.pop()!;
    yield* lines;
  }
}

try {
  main(Deno.args);
} catch (error) {
  answer({ error: error instanceof Error ? error.message : String(error) });
  Deno.exitCode = 1;
}
