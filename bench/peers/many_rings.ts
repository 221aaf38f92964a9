/**
 * Many perf rings of one CPU as one source, of which the last is filled: what a machine with as many CPUs has to look
 * through when one of them is busy. A {@linkcode PerfSource} has a ring per CPU, and few machines have that many.
 *
 * @module
 */

import { SYSCONF } from "../../src/abi/linux.ts";
import { libc } from "../../src/ffi/libc.ts";
import { layOutRings, maxPayloadBytes, type RingRegion } from "../../src/ring/geometry.ts";
import { PerfScanner } from "../../src/ring/perf_scanner.ts";
import type { Readiness } from "../../src/ring/readiness.ts";
import type { Scanner } from "../../src/ring/scanner.ts";
import { EventArray } from "../../src/source/event_array.ts";
import { mapRing } from "../../src/source/map_ring.ts";
import { bpfOutput, PerfEvent } from "../../src/source/perf_event.ts";
import { Reservation } from "../../src/source/reservation.ts";
import type { Source } from "../../src/source/source.ts";

/** How the rings are opened. */
export interface ManyRingsOptions {
  /** How many rings. */
  readonly rings: number;
  /** The bytes of data of each. */
  readonly ringBytes: number;
  /** The CPU of all of them. */
  readonly cpu: number;
  /** Wake the reader after so many events. */
  readonly wakeupEvents: number;
}

/** The rings. */
export class ManyRings implements Source {
  readonly kind = "kernel";
  readonly ring = "perf";
  readonly overwritable = false;
  readonly countsLosses = true;
  readonly paused = false;
  readonly cpus: readonly number[];
  readonly readiness: Readiness;
  readonly #array: EventArray;
  readonly #reservation: Reservation;
  readonly #regions: readonly RingRegion[];
  readonly #events: readonly PerfEvent[];

  /**
   * Opens them.
   *
   * @param options How many, how large, where.
   * @throws {EventPipeError} If the kernel refuses.
   */
  constructor({ rings, ringBytes, cpu, wakeupEvents }: ManyRingsOptions) {
    const pageBytes = Number(libc().sysconf(SYSCONF._SC_PAGESIZE));
    const { regions, bufferBytes } = layOutRings(rings, ringBytes, pageBytes);
    using cleanup = new DisposableStack();
    this.#array = cleanup.adopt(EventArray.open(), (opened) => opened.close());
    this.#reservation = cleanup.adopt(new Reservation(bufferBytes), (opened) => opened.close());
    this.#regions = regions;
    this.#events = regions.map((region) => {
      const event = PerfEvent.open(cpu, bpfOutput({ events: wakeupEvents }));
      if (event === null) throw new RangeError(`Cannot open rings of CPU ${cpu}: it is offline`);
      cleanup.defer(() => event.close());
      mapRing(this.#reservation, event, region);
      return event;
    });
    this.cpus = this.#events.map(() => cpu);
    this.readiness = { kind: "fds", fds: this.#events.map(({ fd }) => fd) };
    cleanup.move();
  }

  get maxPayloadBytes(): number {
    return maxPayloadBytes(this.#regions[0]!.bytes);
  }

  get buffer(): ArrayBuffer {
    return this.#reservation.buffer;
  }

  /** The file descriptor of the map that programs output into. */
  get mapFd(): number {
    return this.#array.fd;
  }

  openScanner(): Scanner {
    return new PerfScanner(this.buffer, this.#regions);
  }

  /** All have one CPU and so one slot: the last stays in it. */
  start(): void {
    this.#array.fill(this.#events);
  }

  stop(): void {
    this.#array.empty();
  }

  pause(): void {
    throw new TypeError("Cannot pause the rings: nobody needs that here");
  }

  resume(): void {}

  lost(ring: number): number {
    return this.#events[ring]!.lost();
  }

  close(): void {
    this.#array.close();
    this.#reservation.close();
    for (const event of this.#events) event.close();
  }
}
