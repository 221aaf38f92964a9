/**
 * The programs that are measured beside each other, and what they are built from. What cannot be built here is listed with
 * the reason; the rest is measured all the same. Relies on clang, bpftool, gcc, libbpf-dev and Go where they are installed.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileBpf } from "../../src/cli/build.ts";
import { findExecutable, hasGoLibrary } from "../../src/cli/packages.ts";
import type { ScannerKind } from "../../src/ring/scanner.ts";
import type { Delivery, OwnRing } from "./eventpipe_readers.ts";
import { peerArguments, type PeerConfig } from "./protocol.ts";
import { type OwnWaiting, waitArguments, type WaitConfig } from "./wait_protocol.ts";

/** Names as a report tells them. The last two are eventpipe itself, on other rings than the one it is compared on. */
export const PEER_LABELS = {
  perf_buffer: "libbpf perf_buffer",
  perf_buffer_words: "libbpf perf_buffer, not vectorised",
  perf_buffer_slowed: "libbpf perf_buffer, not vectorised, 5 % slower",
  perf_walk: "C in-place walk",
  ring_buffer: "libbpf ring_buffer",
  wait_perf: "libbpf perf_buffer, waiting",
  wait_ring: "libbpf ring_buffer, waiting",
  go_perf: "cilium/ebpf perf.Reader",
  go_ringbuf: "cilium/ebpf ringbuf.Reader",
  go_wait_perf: "cilium/ebpf perf.Reader, waiting",
  go_wait_ringbuf: "cilium/ebpf ringbuf.Reader, waiting",
  own_ringbuf: "eventpipe on a BPF ring buffer",
  own_memory: "eventpipe on a memory ring",
} as const;

/** The name of a peer. */
export type PeerName = keyof typeof PEER_LABELS;

/** A handler adds up all words of an event, one by one. */
const WORDS = ["-DPEER_WORDS", "-fno-tree-vectorize"] as const;

/** The peers in C: a source of its own beside peer.c, and what its compilation differs in. */
const C_PEERS = {
  perf_buffer: { source: "perf_buffer", flags: [] },
  perf_buffer_words: { source: "perf_buffer", flags: WORDS },
  perf_buffer_slowed: { source: "perf_buffer", flags: [...WORDS, "-DPEER_SLOWED_PERCENT=5"] },
  perf_walk: { source: "perf_walk", flags: [] },
  ring_buffer: { source: "ring_buffer", flags: [] },
} as const;

/** The programs in C that wait: a source of its own beside wait.c. */
const WAITING_C_PEERS = ["wait_perf", "wait_ring"] as const;

/** The peers in Go: one program, with what it does as its first arguments. */
const GO_PEERS = {
  go_perf: ["perf"],
  go_ringbuf: ["ringbuf"],
  go_wait_perf: ["wait", "perf"],
  go_wait_ringbuf: ["wait", "ringbuf"],
} as const;

/** The name of a peer that waits. */
export type WaitPeerName = Extract<PeerName, `${string}wait_${string}`>;

/** eventpipe as its own peer. */
const OWN_PEERS: Readonly<Partial<Record<PeerName, OwnRing>>> = {
  own_ringbuf: "ringbuf",
  own_memory: "memory",
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
  /** The path of the program that emits events for those that wait; null if it was not built. */
  readonly emitter: string | null;
  /** The path of the generator's object. */
  readonly generator: string;
  /** How the peers that were built are started, arguments of all peers left out. */
  readonly built: ReadonlyMap<PeerName, readonly string[]>;
  /** What was not. */
  readonly absent: readonly AbsentPeer[];
}

const PEER_SOURCES = fileURLToPath(new URL(".", import.meta.url));
const PEERS_BUILT = fileURLToPath(new URL("../../build/peers", import.meta.url));

/**
 * Builds generator and peers into build/peers.
 *
 * @returns What was built and what was not.
 * @throws {MissingToolError} If the generator cannot be built, without which nothing can be measured.
 */
export async function buildPeers(): Promise<PeerPrograms> {
  const generator = join(PEERS_BUILT, "fill.bpf.o");
  await compileBpf(join(PEER_SOURCES, "fill.bpf.c"), generator);
  const built = new Map<PeerName, readonly string[]>();
  const absent: AbsentPeer[] = [];
  const add = (name: PeerName, command: readonly string[], reason: string | null): void => {
    if (reason === null) built.set(name, command);
    else absent.push({ name: PEER_LABELS[name], reason });
  };
  for (const [name, { source, flags }] of Object.entries(C_PEERS)) {
    const path = join(PEERS_BUILT, name);
    add(name as PeerName, [path], await compileC(["peer.c", "rig.c", `${source}.c`], path, flags));
  }
  for (const name of WAITING_C_PEERS) {
    const path = join(PEERS_BUILT, name);
    add(name, [path], await compileC(["wait.c", "rig.c", `${name}.c`], path));
  }
  const emitter = join(PEERS_BUILT, "emit");
  const hasEmitter = await compileC(["emit.c", "rig.c"], emitter) === null;
  const go = join(PEERS_BUILT, "cilium_ebpf");
  const reason = await compileGo(go);
  for (const [name, args] of Object.entries(GO_PEERS)) add(name as PeerName, [go, ...args], reason);
  return { generator, emitter: hasEmitter ? emitter : null, built, absent };
}

/** What eventpipe does as a peer. */
export interface OwnWork {
  /** Which ring it reads. */
  readonly ring: OwnRing;
  /** With which scanner; memory rings have one only. */
  readonly scanner: ScannerKind;
  /** How it delivers. */
  readonly delivery: Delivery;
}

/**
 * The command of a peer.
 *
 * @param programs What was built.
 * @param name The peer.
 * @param config What it reads.
 * @param work What it does besides, if it is eventpipe; its ring goes by its name.
 * @returns The command, or null if the peer was not built.
 */
export function peerCommand(
  programs: PeerPrograms,
  name: PeerName,
  config: PeerConfig,
  work: Omit<OwnWork, "ring">,
): string[] | null {
  const ring = OWN_PEERS[name];
  if (ring !== undefined) return eventpipeCommand(programs, { ...work, ring }, config);
  const command = programs.built.get(name);
  return command === undefined ? null : [...command, ...peerArguments(programs.generator, config)];
}

/**
 * Whether a peer compiles while it runs, and so has to be warmed up.
 *
 * @param name The peer.
 * @returns Whether it is eventpipe.
 */
export function isOwnPeer(name: string): boolean {
  return Object.hasOwn(OWN_PEERS, name);
}

/**
 * The command of eventpipe as a peer.
 *
 * @param programs What was built.
 * @param work What it does.
 * @param config What it reads.
 * @param script The path of its program; that of this checkout unless given.
 * @returns The command.
 */
export function eventpipeCommand(
  { generator }: Pick<PeerPrograms, "generator">,
  { ring, scanner, delivery }: OwnWork,
  config: PeerConfig,
  script: string = join(PEER_SOURCES, "eventpipe.ts"),
): string[] {
  return [Deno.execPath(), "run", "-A", script, ring, scanner, delivery, ...peerArguments(generator, config)];
}

/**
 * The command of a peer that waits.
 *
 * @param programs What was built.
 * @param name The peer.
 * @param config How it waits.
 * @returns The command, or null if the peer was not built.
 */
export function waitCommand(
  { generator, built }: PeerPrograms,
  name: WaitPeerName,
  config: WaitConfig,
): string[] | null {
  const command = built.get(name);
  return command === undefined ? null : [...command, ...waitArguments(generator, config)];
}

/**
 * The command of eventpipe as a peer that waits.
 *
 * @param programs What was built.
 * @param waiting On which ring, with which scanner.
 * @param config How it waits.
 * @returns The command.
 */
export function eventpipeWaitCommand(
  { generator }: Pick<PeerPrograms, "generator">,
  { ring, scanner }: OwnWaiting,
  config: WaitConfig,
): string[] {
  const script = join(PEER_SOURCES, "eventpipe_wait.ts");
  return [Deno.execPath(), "run", "-A", script, ring, scanner, ...waitArguments(generator, config)];
}

/** Compiles a program in C from files of this folder. Null if it was compiled, else why not. */
async function compileC(
  sources: readonly string[],
  path: string,
  flags: readonly string[] = [],
): Promise<string | null> {
  const gcc = findExecutable("gcc");
  if (gcc === null) return "there is no gcc here; install it with: deno task setup peers";
  const files = sources.map((source) => join(PEER_SOURCES, source));
  const warnings = ["-Wall", "-Wextra", "-Wno-unused-parameter"];
  // Another run may have the program open, or start it right now.
  const unfinished = `${path}.${Deno.pid}`;
  const args = ["-O2", ...warnings, ...flags, "-o", unfinished, ...files, "-lbpf"];
  const { success, stderr } = await new Deno.Command(gcc, { args, stdin: "null" }).output();
  if (success) {
    await Deno.rename(unfinished, path);
    return null;
  }
  const log = new TextDecoder().decode(stderr).trim();
  return `gcc refused it; libbpf-dev may be missing (deno task setup peers): ${log.split("\n")[0]}`;
}

/** Compiles the peer in Go from Debian's sources of the library, as programs without modules are, so without a network. */
async function compileGo(path: string): Promise<string | null> {
  const go = findExecutable("go");
  if (go === null) return "there is no go here; install it with: deno task setup peers";
  if (!hasGoLibrary()) {
    return "Debian's golang-github-cilium-ebpf-dev is missing; install it with: deno task setup peers";
  }
  const cache = join(PEERS_BUILT, "go-cache");
  const unfinished = `${path}.${Deno.pid}`;
  const { success, stderr } = await new Deno.Command(go, {
    args: ["build", "-o", unfinished, "."],
    cwd: join(PEER_SOURCES, "go"),
    env: {
      GO111MODULE: "off",
      GOPATH: "/usr/share/gocode",
      GOCACHE: cache,
      GOFLAGS: "",
      GOPROXY: "off",
      CGO_ENABLED: "0",
    },
    stdin: "null",
  }).output();
  if (success) {
    await Deno.rename(unfinished, path);
    return null;
  }
  return `go refused it: ${new TextDecoder().decode(stderr).trim().split("\n").at(-1)}`;
}
