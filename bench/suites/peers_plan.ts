/**
 * What the suite `peers` measures: which programs, on which rings, and how much of each.
 *
 * @module
 */

import type { ScannerKind } from "../../src/ring/scanner.ts";
import {
  eventpipeCommand,
  eventpipeWaitCommand,
  PEER_LABELS,
  peerCommand,
  type PeerName,
  type PeerPrograms,
  waitCommand,
  type WaitPeerName,
} from "../peers/programs.ts";
import type { PeerConfig } from "../peers/protocol.ts";
import type { Emission, WaitConfig } from "../peers/wait_protocol.ts";
import { QUIET, QUIET_WARM_UP } from "./latency_plan.ts";
import type { PairedSize } from "./paired.ts";

/** A program that is measured: it reads full rings, and it waits for events. */
export interface MeasuredProgram {
  /** As a report tells it. */
  readonly peer: string;
  readonly ring: "perf" | "ringbuf";
  /** Whether it compiles while it runs. */
  readonly isOwn: boolean;
  /** Its command as a reader of full rings; null if it was not built. */
  consumeCommand(programs: PeerPrograms, config: PeerConfig): string[] | null;
  /** Its command as one that waits; null if it was not built. */
  waitCommand(programs: PeerPrograms, config: WaitConfig): string[] | null;
}

/** The programs, in the order of the table. */
export const PROGRAMS: readonly MeasuredProgram[] = [
  own("perf", "ts"),
  own("perf", "wasm"),
  own("ringbuf", "ts"),
  other("perf", "perf_buffer", "wait_perf"),
  other("ringbuf", "ring_buffer", "wait_ring"),
  other("perf", "go_perf", "go_wait_perf"),
  other("ringbuf", "go_ringbuf", "go_wait_ringbuf"),
];

function own(ring: "perf" | "ringbuf", scanner: ScannerKind): MeasuredProgram {
  return {
    peer: `eventpipe ${scanner}`,
    ring,
    isOwn: true,
    consumeCommand: (programs, config) =>
      eventpipeCommand(programs, { ring, scanner, delivery: "each" }, config),
    waitCommand: (programs, config) => eventpipeWaitCommand(programs, { ring, scanner }, config),
  };
}

function other(ring: "perf" | "ringbuf", name: PeerName, waitName: WaitPeerName): MeasuredProgram {
  return {
    peer: PEER_LABELS[name],
    ring,
    isOwn: false,
    consumeCommand: (programs, config) =>
      peerCommand(programs, name, config, { scanner: "ts", delivery: "each" }),
    waitCommand: (programs, config) => waitCommand(programs, waitName, config),
  };
}

/** How much is measured. */
export interface PeersSize {
  /** Of full rings. */
  readonly consume: PairedSize;
  /** Of latencies. */
  readonly latency: PairedSize;
  /** Of CPU time. */
  readonly cpu: PairedSize;
  /** How often each program is started for its first event. */
  readonly starts: number;
  /** Blocks of each rate, and how often the distance between one without loss and one with it is halved. */
  readonly search: { readonly blocks: number; readonly halvings: number; readonly warmUpBlocks: number };
}

/** A plain run. */
export const FULL_PEERS: PeersSize = {
  consume: { launches: 5, rounds: 20, warmUpRounds: 30 },
  latency: { launches: 5, rounds: 10, warmUpRounds: QUIET_WARM_UP },
  cpu: { launches: 5, rounds: 5, warmUpRounds: 4 },
  starts: 10,
  search: { blocks: 10, halvings: 4, warmUpBlocks: 8 },
};

/** A look. */
export const QUICK_PEERS: PeersSize = {
  consume: { launches: 2, rounds: 8, warmUpRounds: 24 },
  latency: { launches: 2, rounds: 8, warmUpRounds: QUIET_WARM_UP },
  cpu: { launches: 1, rounds: 4, warmUpRounds: 2 },
  starts: 3,
  search: { blocks: 3, halvings: 2, warmUpBlocks: 4 },
};

/** Bytes of a record in either ring: bench/peers/emit.c emits 32 bytes from the category on. */
const RECORD_BYTES = 48;

/** How a ring of either kind wakes its reader. All are told bytes: cilium/ebpf knows no other. */
export interface Waiting {
  readonly ringBytes: number;
  /** Of perf rings. */
  readonly watermarkBytes: number;
  /** What is emitted; with the same threshold for BPF ring buffers. */
  readonly emission: Emission;
}

/** After each event, each 200 us: a wake-up and its event cost a tenth of that or less. */
export const ASLEEP: Waiting = {
  ringBytes: 262_144,
  watermarkBytes: 1,
  emission: QUIET,
};

/** A million events per second, in bursts as of a busy system call; 24 times the threshold. */
export const MILLION: Waiting = {
  ringBytes: 2_097_152,
  ...thresholds(4096),
  emission: { events: 24 * 4096, burst: 512, intervalNs: 512_000, wakeBytes: 4096 * RECORD_BYTES },
};

/** Where rates are tried: a ring of some 20,000 events, a wake-up for each 1,024 of them. */
export const SEARCHED = { ringBytes: 1_048_576, ...thresholds(1024) } as const;

/** The kernel wakes above the watermark, kernel/events/ring_buffer.c __perf_output_begin(): with that many events. */
function thresholds(events: number): { readonly watermarkBytes: number } {
  return { watermarkBytes: events * RECORD_BYTES - 1 };
}

/** The rates that are tried first, each twice the one before; what can be offered ends them. */
export const RATES: readonly number[] = [500_000, 1e6, 2e6, 4e6, 8e6, 16e6];

/** A block of a search takes so long where its rate can be offered. */
const SEARCH_BLOCK_SECONDS = 0.1;

const SEARCH_BURST = 512;

/**
 * What is emitted to try a rate.
 *
 * @param rate Events per second.
 * @returns Bursts at that rate.
 */
export function searchEmission(rate: number): Emission {
  return {
    events: Math.ceil(rate * SEARCH_BLOCK_SECONDS / SEARCH_BURST) * SEARCH_BURST,
    burst: SEARCH_BURST,
    intervalNs: Math.round(SEARCH_BURST * 1e9 / rate),
    wakeBytes: SEARCHED.watermarkBytes + 1,
  };
}
