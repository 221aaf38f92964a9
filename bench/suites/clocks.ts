/**
 * Whether a peer's own clock and the harness agree on a block: what a peer says of itself is believed, so it is checked.
 *
 * @module
 */

import { monotonicNs } from "../../src/ffi/clock.ts";
import type { Clocks } from "../../src/report/schema.ts";
import { Peer } from "../peers/peer.ts";
import { PEER_LABELS, peerCommand, type PeerPrograms } from "../peers/programs.ts";
import { eventsPerFill } from "../peers/protocol.ts";

const RING = { ringBytes: 262_144, payloadBytes: 32, payloadSteps: 1 } as const;

/** A block long enough that asking for it is no part of it. */
const FILLS = 300;

/** What another process takes of the time between the two clocks is none of theirs: the best of several counts. */
const BLOCKS = 10;

/**
 * Compares the clocks.
 *
 * @param programs What was built.
 * @param cpus The CPU the events are emitted on, and that of the peer.
 * @returns What both said of the block on which they agree best; null if the peer was not built.
 * @throws {Error} If the peer fails.
 */
export async function compareClocks(
  programs: PeerPrograms,
  cpus: { readonly producerCpu: number; readonly consumerCpu: number },
): Promise<Clocks | null> {
  const config = { ...cpus, ...RING, handlers: 0, events: eventsPerFill(RING), rings: 1 };
  const argv = peerCommand(programs, "perf_buffer", config, { scanner: "ts", delivery: "scan" });
  if (argv === null) return null;
  const name = PEER_LABELS.perf_buffer;
  await using peer = await Peer.start({ name, argv, fills: FILLS });
  const blocks: Clocks[] = [];
  for (let seed = 0; seed < BLOCKS; seed++) {
    const start = monotonicNs();
    const { wholeNs } = await peer.block(seed);
    blocks.push({ peer: name, ownNs: wholeNs, harnessNs: monotonicNs() - start });
  }
  return blocks.reduce((best, block) =>
    block.harnessNs / block.ownNs < best.harnessNs / best.ownNs ? block : best
  );
}
