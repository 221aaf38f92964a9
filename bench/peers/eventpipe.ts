/**
 * eventpipe as a peer: `eventpipe.ts RING SCANNER DELIVERY` and the arguments of every peer; see protocol.ts.
 *
 * @module
 */

import { pinThread } from "../../src/ffi/affinity.ts";
import { monotonicNs } from "../../src/ffi/clock.ts";
import type { ScannerKind } from "../../src/ring/scanner.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { PerfSource } from "../../src/source/perf.ts";
import { RingbufSource } from "../../src/source/ringbuf.ts";
import type { Source } from "../../src/source/source.ts";
import {
  type Delivery,
  type FilteringSource,
  openCounter,
  openReader,
  type OwnRing,
  type Reader,
} from "./eventpipe_readers.ts";
import { FillGenerator } from "./fill_generator.ts";
import { answer, requests, runPeer } from "./lines.ts";
import { ManyRings } from "./many_rings.ts";
import { MemoryFill } from "./memory_fill.ts";
import { type PeerBlock, type PeerConfig, readBlockRequest, readPeerArguments } from "./protocol.ts";

/** Nobody waits for these rings; above what any of them holds. */
const NEVER_WAKE = 0x7fffffff;

function main([ring, scanner, delivery, ...args]: readonly string[]): void {
  const { object, config } = readPeerArguments(args);
  pinThread(config.consumerCpu);
  using cleanup = new DisposableStack();
  const { reader, generator } = openRig(cleanup, {
    ring: ring as OwnRing,
    scanner: scanner as ScannerKind,
    delivery: delivery as Delivery,
    object,
    config,
  });
  answer({ ready: true });
  for (const line of requests()) {
    const { seed, fills } = readBlockRequest(line);
    answer(doBlock(reader, generator, config, seed, fills));
  }
}

interface Rig {
  readonly reader: Reader;
  readonly generator: { fill(seed: number, sequence: number): void };
}

interface RigOptions {
  readonly ring: OwnRing;
  readonly scanner: ScannerKind;
  readonly delivery: Delivery;
  readonly object: string;
  readonly config: PeerConfig;
}

function openRig(
  cleanup: DisposableStack,
  { ring, scanner, delivery, object, config }: RigOptions,
): Rig {
  const { ringBytes, producerCpu, rings } = config;
  // What the scanner in WebAssembly does best of all where nobody wants the events: it hands nothing on.
  const counts = delivery === "scan" && scanner === "wasm";
  const filter = counts ? { filter: [] } : {};
  const open = (source: Source): Reader =>
    cleanup.use(counts ? openCounter(source as FilteringSource) : openReader(source, delivery, config));
  switch (ring) {
    case "perf": {
      const source = rings === 1
        ? PerfSource.open({ ringBytes, cpus: [producerCpu], wakeupEvents: NEVER_WAKE, scanner, ...filter })
        : new ManyRings({ ringBytes, rings, cpu: producerCpu, wakeupEvents: NEVER_WAKE });
      const generator = cleanup.use(new FillGenerator(object, config, source.mapFd));
      return { reader: open(source), generator };
    }
    case "ringbuf": {
      const generator = cleanup.use(new FillGenerator(object, config, null));
      return {
        reader: open(RingbufSource.open({ maps: [generator.object.map("ring")], scanner, ...filter })),
        generator,
      };
    }
    case "memory": {
      const source = MemorySource.open({ ringBytes, cpus: [producerCpu], wakeupEvents: NEVER_WAKE });
      return { reader: open(source), generator: new MemoryFill(source.writer(0), config) };
    }
  }
}

/** Of V8's flag --expose-gc: then a block begins and ends with a collection, a marker among the lines of --trace-gc. */
const collect = (globalThis as { gc?: () => void }).gc;

function doBlock(
  reader: Reader,
  generator: Rig["generator"],
  { events }: PeerConfig,
  seed: number,
  fills: number,
): PeerBlock {
  collect?.();
  const begun = monotonicNs();
  let ns = 0;
  for (let i = 0; i < fills; i++) {
    generator.fill(seed, i * events);
    const start = monotonicNs();
    reader.consume();
    ns += monotonicNs() - start;
  }
  const wholeNs = monotonicNs() - begun;
  collect?.();
  return { ...reader.takeSums(), ns, wholeNs };
}

runPeer(main);
