/**
 * The suite `peers`: what each program can do, side by side: the time to take an event out of a full ring, the highest
 * rate without loss, the latency asleep, CPU time at a million events per second, memory, and the time to the first event.
 * All programs do a step before the next step is begun, block by block in random order.
 *
 * @module
 */

import { latencyStage } from "../../src/report/percentiles.ts";
import type { ProgramRecord } from "../../src/report/schema.ts";
import { median } from "../measure/median.ts";
import { randomSeed, shuffled } from "../measure/random.ts";
import { Peer } from "../peers/peer.ts";
import { eventsPerFill, type PeerBlock, type PeerConfig } from "../peers/protocol.ts";
import { Emitter, type WaitOutcome, WaitPeer } from "../peers/wait_peer.ts";
import type { WaitConfig } from "../peers/wait_protocol.ts";
import { findLossFreeRates, type FoundRate, type RateArm } from "./loss_free.ts";
import { type Launches, measureLaunches, type PairedSize, startAll } from "./paired.ts";
import type { Parties } from "./parties.ts";
import {
  ASLEEP,
  type MeasuredProgram,
  MILLION,
  type PeersSize,
  PROGRAMS,
  RATES,
  SEARCHED,
  searchEmission,
  type Waiting,
} from "./peers_plan.ts";

/** The ring that is filled, and what it is filled with. */
const RING = { ringBytes: 262_144, payloadBytes: 32, payloadSteps: 1 } as const;

const HANDLERS = 4;

/** Events in a block of full rings. */
const BLOCK_EVENTS = 60_000;

/** What is measured of a program; null where it was not. */
type Measured = { -readonly [Key in keyof Omit<ProgramRecord, "peer" | "ring">]: ProgramRecord[Key] };

const NOTHING: Measured = {
  consumeNs: null,
  lossFreeRate: null,
  rateLimited: null,
  p50: null,
  p99: null,
  cpuNsPerEvent: null,
  residentBytes: null,
  firstEventNs: null,
};

/** Rows under way, and how they are told about. */
export interface PeersOptions {
  readonly size: PeersSize;
  /** Called behind each step. */
  readonly say: (line: string) => void;
  /** Which programs; all unless given. */
  readonly programs?: readonly MeasuredProgram[];
}

/**
 * Measures all programs that were built. Rows are there from the first step on, so that an interruption leaves what was
 * measured before.
 *
 * @param options How much.
 * @param parties With what.
 * @param rows Where the rows are put, in the order of the programs.
 * @returns When all steps are done, or the run was interrupted.
 * @throws {Error} If a program fails, or two did not read the same events.
 */
export async function measurePeers(
  { size, say, programs: wanted = PROGRAMS }: PeersOptions,
  parties: Parties,
  rows: ProgramRecord[],
): Promise<void> {
  const bench = new PeersBench(wanted, parties);
  const steps: readonly (readonly [string, () => Promise<void>])[] = [
    ["full rings, and memory", () => bench.consume(size.consume)],
    ["the first event", () => bench.firstEvent(size.starts)],
    ["latency asleep", () => bench.latency(size.latency)],
    ["CPU time at 1,000,000 events/s", () => bench.cpu(size.cpu)],
    ["the highest rate without loss", () => bench.lossFreeRate(size.search)],
  ];
  for (const [index, [what, step]] of steps.entries()) {
    if (parties.isInterrupted()) return;
    await step();
    rows.splice(0, rows.length, ...bench.rows());
    say(`[${index + 1}/${steps.length}] peers: ${what}`);
  }
}

/**
 * A row in words.
 *
 * @param row The row.
 * @returns What is known of the program.
 */
export function programText(row: ProgramRecord): string {
  const {
    peer,
    ring,
    consumeNs,
    lossFreeRate,
    rateLimited,
    p50,
    cpuNsPerEvent,
    residentBytes,
    firstEventNs,
  } = row;
  const text = (value: number | null, unit: number, digits: number): string =>
    value === null ? "-" : (value / unit).toFixed(digits);
  return `${peer}, ${ring}: ${text(consumeNs, 1, 1)} ns from a full ring, ${
    text(lossFreeRate, 1e6, 2)
  } M events/s without loss${rateLimited === true ? " or more" : ""}, p50 ${text(p50, 1000, 0)} us, CPU ${
    text(cpuNsPerEvent, 1, 0)
  } ns, ${text(residentBytes, 2 ** 20, 1)} MiB, first event after ${text(firstEventNs, 1e6, 0)} ms`;
}

/** The programs of a run, and what is known of them. */
class PeersBench {
  readonly #parties: Parties;
  readonly #measured: ReadonlyMap<MeasuredProgram, Measured>;

  constructor(programs: readonly MeasuredProgram[], parties: Parties) {
    this.#parties = parties;
    this.#measured = new Map(programs.map((program) => [program, { ...NOTHING }]));
  }

  /** Of the programs that were built. */
  rows(): ProgramRecord[] {
    return [...this.#measured].filter(([, measured]) =>
      Object.values(measured).some((value) => value !== null)
    )
      .map(([{ peer, ring }, measured]) => ({ peer, ring, ...measured }));
  }

  async consume(size: PairedSize): Promise<void> {
    const events = eventsPerFill(RING);
    const commands = this.#consumeCommands(events);
    const resident = new Map(commands.map(({ program }) => [program, [] as number[]]));
    const fills = Math.ceil(BLOCK_EVENTS / events);
    const blocks = await measureLaunches(
      size,
      this.#parties.random,
      async (cleanup) => {
        const peers = await startAll(
          commands.map(({ program, argv }) => Peer.start({ name: nameOf(program), argv, fills })),
          cleanup,
        );
        // Asked in front of the end of the processes, which comes after this.
        cleanup.defer(() => {
          for (const [index, { program }] of commands.entries()) {
            resident.get(program)!.push(residentBytes(peers[index]!.pid));
          }
        });
        return peers;
      },
      (name) => this.#isOwn(name),
    );
    checkSameEvents(blocks);
    for (const { program } of commands) {
      const measured = this.#measured.get(program)!;
      measured.consumeNs = median(blocks.get(nameOf(program))!.flat().map(({ ns, events }) => ns / events));
      measured.residentBytes = Math.round(median(resident.get(program)!));
    }
  }

  async firstEvent(starts: number): Promise<void> {
    const { random, isInterrupted } = this.#parties;
    const commands = this.#consumeCommands(1);
    const times = new Map(commands.map(({ program }) => [program, [] as number[]]));
    for (let start = 0; start < starts && !isInterrupted(); start++) {
      for (const { program, argv } of shuffled(commands, random)) {
        const begun = performance.now();
        await using peer = await Peer.start({ name: nameOf(program), argv, fills: 1 });
        await peer.block(randomSeed(random));
        times.get(program)!.push(1e6 * (performance.now() - begun));
      }
    }
    for (const [program, ns] of times) {
      if (ns.length > 0) this.#measured.get(program)!.firstEventNs = Math.round(median(ns));
    }
  }

  async latency(size: PairedSize): Promise<void> {
    const { events } = ASLEEP.emission;
    for (const [program, blocks] of await this.#wait(ASLEEP, events, size)) {
      const samples = Float64Array.from(blocks.flatMap((block) => block.samples));
      const lost = blocks.reduce((sum, { refused }) => sum + refused, 0);
      const { p50, p99 } = latencyStage({ stage: "handled", from: "emitted", samples, lost });
      Object.assign(this.#measured.get(program)!, { p50, p99 });
    }
  }

  async cpu(size: PairedSize): Promise<void> {
    for (const [program, blocks] of await this.#wait(MILLION, 0, size)) {
      this.#measured.get(program)!.cpuNsPerEvent = median(blocks.map(({ cpuNs, events }) => cpuNs / events));
    }
  }

  async lossFreeRate({ blocks, halvings, warmUpBlocks }: PeersSize["search"]): Promise<void> {
    await using cleanup = new AsyncDisposableStack();
    const waiting = { ...SEARCHED, emission: searchEmission(RATES[0]!) };
    const started = await this.#startWaiting(waiting, 0, cleanup);
    const arms = started.map(({ peer }) => rateArm(peer));
    const { random, isInterrupted } = this.#parties;
    for (const arm of arms.filter(({ name }) => this.#isOwn(name))) {
      for (let i = 0; i < warmUpBlocks; i++) await arm.block(RATES[0]!, randomSeed(random));
    }
    const found = await findLossFreeRates(arms, { rates: RATES, blocks, halvings, random, isInterrupted });
    for (const { program } of started) {
      Object.assign(this.#measured.get(program)!, rateKeys(found.get(nameOf(program))!));
    }
  }

  /** The commands of the programs that were built. */
  #consumeCommands(events: number): { program: MeasuredProgram; argv: string[] }[] {
    const { programs, producerCpu, consumerCpu } = this.#parties;
    const config: PeerConfig = { producerCpu, consumerCpu, ...RING, handlers: HANDLERS, events, rings: 1 };
    return [...this.#measured.keys()].flatMap((program) => {
      const argv = program.consumeCommand(programs, config);
      return argv === null ? [] : [{ program, argv }];
    });
  }

  /** The blocks of each program that waits. */
  async #wait(
    waiting: Waiting,
    samples: number,
    size: PairedSize,
  ): Promise<ReadonlyMap<MeasuredProgram, readonly WaitOutcome[]>> {
    const blocks = await measureLaunches(
      size,
      this.#parties.random,
      async (cleanup) => (await this.#startWaiting(waiting, samples, cleanup)).map(({ peer }) => peer),
      (name) => this.#isOwn(name),
    );
    const programs = [...this.#measured.keys()].filter((program) => blocks.has(nameOf(program)));
    return new Map(programs.map((program) => [program, blocks.get(nameOf(program))!.flat()]));
  }

  /** Starts the programs that wait, and what emits for them; none without that. */
  async #startWaiting(
    { ringBytes, watermarkBytes, emission }: Waiting,
    samples: number,
    cleanup: AsyncDisposableStack,
  ): Promise<{ program: MeasuredProgram; peer: WaitPeer }[]> {
    const { programs, producerCpu, consumerCpu } = this.#parties;
    if (programs.emitter === null) return [];
    const config: WaitConfig = {
      producerCpu,
      consumerCpu,
      ringBytes,
      wakeupEvents: 0,
      watermarkBytes,
      waiter: "epoll",
    };
    const emitter = cleanup.use(await Emitter.start([programs.emitter, String(producerCpu)]));
    const commands = [...this.#measured.keys()].flatMap((program) => {
      const argv = program.waitCommand(programs, config);
      return argv === null ? [] : [{ program, argv }];
    });
    const peers = await startAll(
      commands.map(({ program, argv }) =>
        WaitPeer.start({ name: nameOf(program), argv, emitter, emission, samples })
      ),
      cleanup,
    );
    return commands.map(({ program }, index) => ({ program, peer: peers[index]! }));
  }

  #isOwn(name: string): boolean {
    return [...this.#measured.keys()].some((program) => program.isOwn && nameOf(program) === name);
  }
}

function nameOf({ peer, ring }: MeasuredProgram): string {
  return `${peer}, ${ring}`;
}

/** A program that waits, asked for rates. */
function rateArm(peer: WaitPeer): RateArm {
  return {
    name: peer.name,
    async block(rate: number, seed: number): Promise<{ lost: number; offered: number }> {
      const emission = searchEmission(rate);
      const { refused, wholeNs } = await peer.wait(emission, 0, seed);
      return { lost: refused, offered: emission.events * 1e9 / wholeNs };
    },
  };
}

function rateKeys({ rate, isLimited }: FoundRate): Pick<Measured, "lossFreeRate" | "rateLimited"> {
  return { lossFreeRate: rate === null ? null : Math.round(rate), rateLimited: isLimited };
}

/** Programs that did not read the same cannot be compared. */
function checkSameEvents(blocks: Launches<PeerBlock>): void {
  const [[first, expected] = ["", []], ...others] = [...blocks].map(([name, launches]) =>
    [name, launches.flat()] as const
  );
  for (const [name, theirs] of others) {
    const index = theirs.findIndex(({ events, check }, at) =>
      events !== expected[at]!.events || check !== expected[at]!.check
    );
    if (index === -1) continue;
    throw new Error(
      `Cannot compare ${first} with ${name}: in block ${index} they did not read the same events`,
    );
  }
}

/** VmRSS of /proc/PID/status, proc_pid_status(5), in KiB there. */
function residentBytes(pid: number): number {
  const match = /^VmRSS:\s*(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`));
  if (match === null) throw new Error(`Cannot tell the memory of process ${pid}: /proc does not say`);
  return 1024 * Number(match[1]);
}
