/**
 * The programs that are measured beside each other, and what they are built from. What cannot be built here is listed with
 * the reason; the rest is measured all the same. Relies on gcc, libbpf-dev, clang and bpftool where they are installed.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileBpf } from "../../src/cli/build.ts";
import { findExecutable } from "../../src/cli/packages.ts";
import type { Delivery } from "./eventpipe_readers.ts";
import { peerArguments, type PeerConfig } from "./protocol.ts";

/** The peers in C, by the name of their source. */
export const C_PEERS = ["perf_buffer", "perf_walk", "ring_buffer"] as const;

/** The name of a peer in C. */
export type CPeer = typeof C_PEERS[number];

/** Names as a report tells them. */
export const PEER_LABELS: Readonly<Record<CPeer, string>> = {
  perf_buffer: "libbpf perf_buffer",
  perf_walk: "C in-place walk",
  ring_buffer: "libbpf ring_buffer",
};

/** A peer that cannot be measured here. */
export interface AbsentPeer {
  /** Its name. */
  readonly name: string;
  /** Why. */
  readonly reason: string;
}

/** What was built. */
export interface PeerPrograms {
  /** The path of the generator's object. */
  readonly generator: string;
  /** The paths of the peers in C that were built. */
  readonly c: ReadonlyMap<CPeer, string>;
  /** What was not. */
  readonly absent: readonly AbsentPeer[];
}

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const BUILT = fileURLToPath(new URL("../../build/peers", import.meta.url));

/**
 * Builds generator and peers into build/peers.
 *
 * @returns What was built and what was not.
 * @throws {MissingToolError} If the generator cannot be built, without which nothing can be measured.
 */
export async function buildPeers(): Promise<PeerPrograms> {
  const generator = join(BUILT, "fill.bpf.o");
  await compileBpf(join(FOLDER, "fill.bpf.c"), generator);
  const c = new Map<CPeer, string>();
  const absent: AbsentPeer[] = [];
  for (const name of C_PEERS) {
    const path = join(BUILT, name);
    const reason = await compileC(name, path);
    if (reason === null) c.set(name, path);
    else absent.push({ name: PEER_LABELS[name], reason });
  }
  absent.push({ name: "cilium/ebpf in Go", reason: goObstacle() });
  return { generator, c, absent };
}

/**
 * The command of a peer in C.
 *
 * @param programs What was built.
 * @param name The peer.
 * @param config What it reads.
 * @returns The command, or null if the peer was not built.
 */
export function cPeerCommand(
  { generator, c }: PeerPrograms,
  name: CPeer,
  config: PeerConfig,
): string[] | null {
  const path = c.get(name);
  return path === undefined ? null : [path, ...peerArguments(generator, config)];
}

/**
 * The command of eventpipe as a peer.
 *
 * @param programs What was built.
 * @param ring Which ring it reads.
 * @param delivery How it delivers.
 * @param config What it reads.
 * @returns The command.
 */
export function eventpipeCommand(
  { generator }: PeerPrograms,
  ring: "perf" | "ringbuf",
  delivery: Delivery,
  config: PeerConfig,
): string[] {
  const script = join(FOLDER, "eventpipe.ts");
  return [Deno.execPath(), "run", "-A", script, ring, delivery, ...peerArguments(generator, config)];
}

/** Null if it was compiled, else why not. */
async function compileC(name: CPeer, path: string): Promise<string | null> {
  const gcc = findExecutable("gcc");
  if (gcc === null) return "there is no gcc here; install it with: deno task setup test";
  const sources = ["peer.c", `${name}.c`].map((source) => join(FOLDER, source));
  const args = ["-O2", "-Wall", "-Wextra", "-Wno-unused-parameter", "-o", path, ...sources, "-lbpf"];
  const { success, stderr } = await new Deno.Command(gcc, { args, stdin: "null" }).output();
  if (success) return null;
  const log = new TextDecoder().decode(stderr).trim();
  return `gcc refused it; libbpf-dev may be missing (deno task setup test): ${log.split("\n")[0]}`;
}

/** A peer in Go needs its tool chain and the library; the project brings neither. */
function goObstacle(): string {
  return findExecutable("go") === null ? "there is no go here" : "the project has no peer in Go";
}
