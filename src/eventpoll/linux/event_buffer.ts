/**
 * An array of `struct epoll_event`, which the kernel fills.
 *
 * @module
 */

import { EPOLL_EVENT } from "../../abi/linux.ts";
import type { EpollEvent } from "../system.ts";

/** The most events asked for at once, above which memory is a matter: 768 KiB of it. */
const MAX_ROOM = 65_536;

const { size, offsets } = EPOLL_EVENT;

/** Room for events. */
export class EventBuffer {
  /** The bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How many events they hold. */
  readonly room: number;
  // Lifetime: the pointer object keeps the bytes alive.
  /** Where the bytes stand. */
  readonly pointer: Deno.PointerObject;
  readonly #view: DataView<ArrayBuffer>;

  /** @param room For how many events. */
  constructor(room: number) {
    this.room = room;
    this.bytes = new Uint8Array(room * size);
    this.pointer = Deno.UnsafePointer.of(this.bytes)!;
    this.#view = new DataView(this.bytes.buffer);
  }

  /**
   * How many events a wait may ask for. More than there is room for would be written behind the buffer; numbers that the
   * kernel refuses are passed on, so that it does.
   *
   * @param maxevents How many the caller asks for.
   * @returns How many the kernel is asked for.
   */
  limit(maxevents: number): number {
    return maxevents > MAX_EVENTS ? maxevents : Math.min(maxevents, this.room);
  }

  /**
   * Writes the first event.
   *
   * @param event The event.
   */
  write({ events, data }: EpollEvent): void {
    this.#view.setUint32(offsets.events, events, true);
    this.#view.setBigUint64(offsets.data, data, true);
  }

  /**
   * Reads the first events.
   *
   * @param count How many.
   * @returns The events.
   */
  read(count: number): EpollEvent[] {
    const events: EpollEvent[] = [];
    for (let at = 0; at < count * size; at += size) {
      events.push({
        events: this.#view.getUint32(at + offsets.events, true),
        data: this.#view.getBigUint64(at + offsets.data, true),
      });
    }
    return events;
  }
}

/** <linux/eventpoll.h> EP_MAX_EVENTS: INT_MAX / sizeof(struct epoll_event). */
const MAX_EVENTS = Math.floor(0x7fffffff / size);

/**
 * The room that a wait needs.
 *
 * @param maxevents How many events the caller asks for; may be any integer.
 * @returns From 1 to 65,536.
 */
export function roomFor(maxevents: number): number {
  return Math.max(1, Math.min(maxevents, MAX_ROOM));
}
